import { CAPABILITIES, type CapabilityKind } from '../explain/known-names.ts';
import { titleOfAbsence } from '../model/absences.ts';
import { SEVERITIES } from '../model/verdict.ts';
import {
  CodeDocument,
  type CompareDocument,
  DataDocument,
  type ResultDocument,
  UnreadDocument,
} from './document.ts';

export type Fact = readonly [label: string, text: string];

type Finding = ResultDocument['findings'][number];

/** What a finding says of the code of its file; null when it says nothing. */
export function codeOf(finding: Finding): CodeDocument | null {
  return CodeDocument.safeParse(finding.evidence['code']).data ?? null;
}

/** The worst first; of those as bad the ones whose code can do something, which is what to read. */
export function ranked(findings: readonly Finding[]): readonly Finding[] {
  const canDo = (finding: Finding) => Number((codeOf(finding)?.capabilities.length ?? 0) > 0);
  return findings.toSorted(
    (a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity) || canDo(b) - canDo(a),
  );
}

const MOST_VALUES = 8;

/** What differs in the values of JSON data, first in a sentence, then value by value; empty where nothing is known. */
export function dataLinesOf(finding: Finding): readonly [string, ...string[]] | readonly [] {
  const { data } = finding.evidence;
  const unread = UnreadDocument.safeParse(data).data;
  if (unread !== undefined) return [`its data was not compared: ${unread.unread}`];
  const read = DataDocument.safeParse(data).data;
  if (read === undefined) return [];
  const odd = read.oddlyWritten ? '; a key stands there twice, or a value in an unusual form' : '';
  if (read.total === 0) return [`the same data, written differently${odd}`];
  const lines = read.changes.slice(0, MOST_VALUES).map(({ kind, path, published, rebuilt }) => {
    if (kind === 'order') return `${path}: the same keys in another order`;
    const values = [rebuilt, published].filter((one) => one !== null).join(' -> ');
    return `${path} ${kind}: ${values}`;
  });
  const rest = read.total - lines.length;
  const count = read.total === 1 ? '1 value differs' : `${read.total} values differ`;
  return [`${count}${odd}`, ...lines, ...(rest > 0 ? [`... and ${rest} more`] : [])];
}

/** The readable difference of a finding, as lines; empty when there is none. */
export function diffOf(finding: Finding): readonly string[] {
  const { diff } = finding.evidence;
  return Array.isArray(diff) ? diff.map(String) : [];
}

/** The changes to read in place of the difference: its lines are too long to be read. Empty where the lines do. */
export function changesToRead(finding: Finding): CodeDocument['changes'] {
  return diffOf(finding)[0]?.startsWith('first difference') === true ? (codeOf(finding)?.changes ?? []) : [];
}

/** What the code that is only published can do, one fact for each kind, in words and with what shows it. */
export function abilitiesOf(findings: readonly Finding[]): readonly Fact[] {
  const unread = findings.flatMap((finding) => UnreadDocument.safeParse(finding.evidence['code']).data ?? []);
  const why = [...new Set(unread.map((one) => one.unread))].join('; ');
  const capabilities = findings.flatMap((finding) => codeOf(finding)?.capabilities ?? []);
  return [...(why === '' ? [] : [['may do more than is known', why] as const]), ...inWords(capabilities)];
}

function inWords(capabilities: CodeDocument['capabilities']): readonly Fact[] {
  const kinds = Object.entries(CAPABILITIES) as [CapabilityKind, string][];
  return kinds.flatMap(([kind, words]) => {
    const details = new Set(capabilities.filter((one) => one.kind === kind).map(({ detail }) => detail));
    if (details.size === 0) return [];
    const more = details.size > MOST_DETAILS ? ', ...' : '';
    return [[words, `${[...details].slice(0, MOST_DETAILS).join(', ')}${more}`] as const];
  });
}

const MOST_DETAILS = 4;

/** What was rebuilt from where with what, and how much of it is explained. */
export function factsOf(document: ResultDocument): readonly Fact[] {
  return [
    ...artifactFacts(document),
    ...sourceFacts(document),
    ...rebuildFacts(document),
    ...statedFacts(document),
    ...policyFacts(document),
    ...attestationFacts(document),
  ];
}

/** What was checked of what the registry says, and what it does not say. */
function statedFacts({ checked, absent }: ResultDocument): readonly Fact[] {
  const missing = [...new Set(absent.map(({ kind }) => titleOfAbsence(kind)))];
  const rows: readonly Fact[] = [
    ['checked', checked.map(({ detail }) => detail).join('; ')],
    ['absent', missing.join(', ')],
  ];
  return rows.filter(([, text]) => text !== '');
}

/** What a policy made of it, and why. */
function policyFacts({ policy }: ResultDocument): readonly Fact[] {
  if (policy === null) return [];
  const notable = policy.rules.filter(({ state }) => state !== 'holds');
  const why = notable.map(({ rule, detail }) => `${rule}: ${detail}`).join(' ');
  return [['policy', `${policy.passed ? 'passed' : 'FAILED'}${why === '' ? '' : `; ${why}`}`]];
}

/** Where the same is to be had, signed. */
function attestationFacts({ attestation }: ResultDocument): readonly Fact[] {
  if (attestation === null) return [];
  const names = attestation.files.map(({ name }) => name).join(', ');
  const { signer } = attestation;
  const by = signer.kind === 'key' ? `key ${signer.id}` : `as ${signer.identity}`;
  return [['signed', `${names}  ${by}`]];
}

/** What was compared, and how much of it is the same. */
export function comparisonFacts({ base, subject, comparison }: CompareDocument): readonly Fact[] {
  const { total, ...counts } = comparison.entries;
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return [
    ...artifactFacts({ subject: base }).map(([, text]) => ['first', text] as const),
    ...artifactFacts({ subject }).map(([, text]) => ['second', text] as const),
    ['entries', `${total}: ${parts.map(([origin, count]) => `${count} ${origin}`).join(', ')}`],
    ...ignoredFacts(comparison),
  ];
}

function artifactFacts({ subject }: Pick<ResultDocument, 'subject'>): readonly Fact[] {
  if (subject.digests === null) return [];
  return [['artifact', `${subject.artifact ?? ''}  sha512 ${subject.digests.sha512.slice(0, 16)}…`]];
}

function sourceFacts({ source }: ResultDocument): readonly Fact[] {
  if (source === null) return [];
  const ref = source.ref === null ? '' : `  ${source.ref.replace(/^refs\/(tags|heads)\//, '')}`;
  const place = source.directory === '.' ? '' : `  in ${source.directory}`;
  return [
    ['source', `${source.repository}${ref}  ${source.commit.slice(0, 12)}${place}`],
    ['because', source.evidence.map((one) => one.detail).join('; ')],
  ];
}

function rebuildFacts({ plan, sandbox, rebuilt, comparison }: ResultDocument): readonly Fact[] {
  const facts: Fact[] = [];
  if (plan !== null) {
    const tools = Object.entries(plan.toolchain).map(([role, version]) => `${role} ${version}`);
    const where = sandbox === null ? '' : ` on ${sandbox.engine}, image ${sandbox.image.slice(7, 19)}`;
    facts.push(['rebuilt', `${plan.strategy} with ${tools.join(', ')}${where}`]);
  }
  if (rebuilt !== null && rebuilt.materials > 0) {
    const files = rebuilt.materials === 1 ? '1 file' : `${rebuilt.materials} files`;
    facts.push(['materials', `${files} served by the registry proxy; no network after that`]);
  }
  if (comparison !== null) {
    const { total, ...origins } = comparison.entries;
    const parts = Object.entries(origins).filter(([, count]) => count > 0);
    facts.push(['entries', `${total}: ${parts.map(([origin, count]) => `${count} ${origin}`).join(', ')}`]);
    facts.push(['packer', `${comparison.packer}, gzip ${comparison.gzip}`]);
    facts.push(...ignoredFacts(comparison));
    if (comparison.exact !== null)
      facts.push(['bytes', `${comparison.exact.packer}; ${comparison.exact.gzip}`]);
  }
  return facts;
}

/** The normalizers that were needed, and where. */
function ignoredFacts({ normalizers }: Pick<CompareDocument['comparison'], 'normalizers'>): readonly Fact[] {
  const names = [...new Set(normalizers.map(({ name }) => name))];
  const texts = names.map((name) => {
    const paths = normalizers.filter((one) => one.name === name).map(({ path }) => path);
    return `${name} in ${paths.slice(0, MOST_DETAILS).join(', ')}${paths.length > MOST_DETAILS ? ', ...' : ''}`;
  });
  return texts.length === 0 ? [] : [['ignored', texts.join('; ')]];
}
