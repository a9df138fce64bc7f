import { abilitiesOf, codeOf, dataLinesOf, diffOf, ranked } from './facts.ts';
import { type Content, type Markup, page, section, tag } from './markup.ts';
import type { Report } from './report.ts';
import { stepLine } from './step-line.ts';

const MOST_FINDINGS = 200;
const MOST_FILES = 5_000;

/**
 * The result as one page without scripts, images or links to anything of its own.
 */
export function renderHtml(report: Report): string {
  const { verdict, title, asides, tool } = report;
  const body = [
    tag('header', { class: verdict }, [
      tag('p', { class: 'verdict' }, [verdict, ' ', tag('span', {}, asides.join(', '))]),
      tag('h1', {}, title),
      tag('p', {}, report.headline),
      tag('p', { class: 'next' }, report.next),
    ]),
    abilitiesSection(report),
    findingsSection(report),
    signalsSection(report),
    factsSection(report),
    filesSection(report),
    planSection(report),
    attemptsSection(report),
    tag('footer', {}, `${tool.name} ${tool.version}`),
  ];
  return page(`${verdict}: ${title}`, body);
}

/** What the code that is only published can do, first of all. */
function abilitiesSection({ findings }: Report): Content {
  const items = abilitiesOf(findings).map(([words, details]) =>
    tag('li', {}, [tag('b', {}, words), ' ', tag('code', {}, details)]),
  );
  return section(
    'What the code that is only published can do',
    items.length === 0 ? [] : tag('ul', { class: 'abilities' }, items),
  );
}

function findingsSection({ findings, sides, leftOut }: Report): Content {
  const all = ranked(findings);
  const shown = all.slice(0, MOST_FINDINGS).map((finding) => {
    const code = codeOf(finding);
    return tag('article', { class: finding.severity }, [
      tag('h3', {}, [tag('span', { class: 'severity' }, finding.severity), ' ', finding.message]),
      tag('p', { class: 'kind' }, [
        finding.kind,
        finding.path === null ? '' : [' ', tag('code', {}, finding.path)],
      ]),
      code === null ? '' : statements(code),
      dataLinesOf(finding).map((line) => tag('p', { class: 'data' }, line)),
      sideBySide(diffOf(finding), sides),
    ]);
  });
  const rest = all.length + leftOut.findings - MOST_FINDINGS;
  return section('Findings', rest > 0 ? [...shown, tag('p', {}, `... and ${rest} more`)] : shown);
}

function statements({ changes, total }: NonNullable<ReturnType<typeof codeOf>>): Content {
  const items = changes.map(({ kind, offset, line, code }) =>
    tag('li', { class: kind }, [
      tag('span', { class: 'place' }, `${kind} at byte ${offset}, line ${line}`),
      tag('pre', {}, code),
    ]),
  );
  const rest = total - changes.length;
  return [
    items.length === 0 ? '' : tag('ol', { class: 'statements' }, items),
    rest > 0 ? tag('p', {}, `... and ${rest} more places`) : '',
  ];
}

/** A unified difference in two columns: what the source gives, and what is published. */
function sideBySide(lines: readonly string[], sides: Report['sides']): Content {
  if (lines.length === 0) return '';
  const rows = lines.flatMap((line): Content[] => {
    if (/^(?:---|\+\+\+) /.test(line)) return [];
    const text = line.slice(1);
    if (line.startsWith('-')) return [row(cell('removed', text), cell('', ''))];
    if (line.startsWith('+')) return [row(cell('', ''), cell('added', text))];
    if (line.startsWith(' ')) return [row(cell('', text), cell('', text))];
    return [tag('tr', {}, tag('td', { colspan: '2', class: 'hunk' }, line))];
  });
  const head = row(tag('th', {}, sides.from), tag('th', {}, sides.to));
  return tag('details', { open: '' }, [
    tag('summary', {}, 'difference'),
    tag('table', { class: 'diff' }, [tag('thead', {}, head), tag('tbody', {}, rows)]),
  ]);
}

function row(...cells: readonly Content[]): Markup {
  return tag('tr', {}, cells);
}

function cell(kind: string, text: string): Markup {
  return tag('td', { class: kind }, tag('pre', {}, text));
}

function signalsSection({ signals }: Report): Content {
  const items = signals.map(({ kind, severity, message }) =>
    tag('li', { class: severity }, [
      tag('span', { class: 'severity' }, severity),
      ` ${message} `,
      tag('code', {}, kind),
    ]),
  );
  return section('Signals beside the verdict', items.length === 0 ? [] : tag('ul', {}, items));
}

function factsSection(report: Report): Content {
  const rows = report.facts.map(([label, text]) => row(tag('th', {}, label), tag('td', {}, text)));
  const link = report.source === null ? null : commitLink(report.source);
  const commit = link === null ? [] : [row(tag('th', {}, 'commit'), tag('td', {}, link))];
  return section('How it was verified', tag('table', { class: 'facts' }, [...rows, ...commit]));
}

/** A link to the commit on hosts whose addresses are known; other addresses are text. */
function commitLink({ repository, commit }: NonNullable<Report['source']>): Content {
  const base = /^https:\/\/(?:github\.com|gitlab\.com|codeberg\.org)\/[\w.~/-]+$/.exec(repository)?.[0];
  if (base === undefined) return `${repository} ${commit}`;
  const href = `${base}/${base.includes('gitlab.com') ? '-/' : ''}tree/${commit}`;
  return tag('a', { href, rel: 'noopener noreferrer nofollow' }, href);
}

/** Every published file by where its bytes come from; what nobody can explain stands first, and open. */
function filesSection({ origins, leftOut }: Report): Content {
  const files = Object.entries(origins).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const groups = ['unexplained', 'different', 'normalized', 'rebuilt', 'verbatim', 'same'].map((origin) => {
    const paths = files.filter(([, one]) => one === origin).map(([path]) => path);
    if (paths.length === 0) return '';
    const rest = paths.length - MOST_FILES;
    return tag('details', origin === 'unexplained' || origin === 'different' ? { open: '' } : {}, [
      tag('summary', { class: origin }, `${origin}: ${paths.length}`),
      tag(
        'ul',
        { class: 'files' },
        paths.slice(0, MOST_FILES).map((path) => tag('li', {}, path)),
      ),
      rest > 0 ? tag('p', {}, `... and ${rest} more`) : '',
    ]);
  });
  const rest = leftOut.entries > 0 ? tag('p', {}, `... and ${leftOut.entries} more that are not listed`) : '';
  return section('Files by origin', files.length === 0 ? [] : [...groups, rest]);
}

function planSection({ plan }: Report): Content {
  if (plan === null) return '';
  const steps = plan.steps.map((step) =>
    tag('li', {}, [
      tag('span', { class: 'place' }, `${step.phase} (${step.name})`),
      tag('pre', {}, stepLine(step, {})),
    ]),
  );
  const because = plan.evidence.map(({ detail }) => tag('li', {}, detail));
  return section('The plan', [tag('ol', { class: 'statements' }, steps), tag('ul', {}, because)]);
}

function attemptsSection({ attempts }: Report): Content {
  const items = attempts.map(({ strategy, commit, outcome, durationMs, log }) =>
    tag('li', {}, [
      `${strategy} at ${commit.slice(0, 12)}, ${(durationMs / 1000).toFixed(1)} s: ${outcome}`,
      log === null ? '' : tag('details', {}, [tag('summary', {}, 'end of the log'), tag('pre', {}, log)]),
    ]),
  );
  return section('Attempts', items.length === 0 ? [] : tag('ol', {}, items));
}
