import { PackageURL } from 'packageurl-js';
import parseLicense from 'spdx-expression-parse';
import type { ResultDocument } from '../report/document.ts';
import { commandLine } from '../report/step-line.ts';
import { digestSetOf } from './digest-set.ts';
import { sourceUri } from './source-uri.ts';
import { type Occasion, rebuiltSubject, type Statement } from './statement.ts';
import { CYCLONEDX_TYPE, STATEMENT_TYPE } from './type-uris.ts';

interface Component {
  readonly type: 'library' | 'application' | 'container';
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses?: readonly object[];
  readonly pedigree?: object;
  readonly externalReferences?: readonly { readonly type: 'vcs'; readonly url: string }[];
}

/** A bill of materials of a rebuild, in CycloneDX 1.6 (docs/sbom.md). */
export interface Bom {
  readonly bomFormat: 'CycloneDX';
  readonly specVersion: '1.6';
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: object;
  /** Every file that was served to the fetch steps. */
  readonly components: readonly Component[];
  /** The plan, with the tools and the image that it needs. */
  readonly formulation: readonly object[];
}

type Rebuilt = ResultDocument & {
  readonly source: NonNullable<ResultDocument['source']>;
  readonly plan: NonNullable<ResultDocument['plan']>;
  readonly sandbox: NonNullable<ResultDocument['sandbox']>;
};

/** The statement of what went into a rebuild, about the same file as its provenance; null when nothing was packed. */
export function sbomStatement(document: ResultDocument, occasion: Occasion): Statement<Bom> | null {
  const subject = rebuiltSubject(document);
  const { source, plan, sandbox } = document;
  if (subject === null || source === null || plan === null || sandbox === null) return null;
  const predicate = bomOf({ ...document, source, plan, sandbox }, subject[0], occasion);
  return { _type: STATEMENT_TYPE, subject, predicateType: CYCLONEDX_TYPE, predicate };
}

function bomOf(document: Rebuilt, subject: Statement['subject'][0], occasion: Occasion): Bom {
  const { tool, materials } = document;
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    // As unique as the run that it is of.
    serialNumber: occasion.invocationId,
    version: 1,
    metadata: {
      timestamp: occasion.finishedOn,
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name: tool.name, version: tool.version }] },
      component: subjectComponent(document, subject),
    },
    components: materials.map(materialComponent),
    formulation: [formulaOf(document, occasion)],
  };
}

/** What was made. It bears the name of the published version only where it is that file. */
function subjectComponent(
  { subject, source, level }: Rebuilt,
  { digest }: Statement['subject'][0],
): Component {
  const commit = { uid: source.commit, url: source.repository };
  return {
    type: 'library',
    'bom-ref': 'subject',
    ...nameOf(subject.purl),
    version: subject.version,
    ...(level === 'bytes' && { purl: subject.purl }),
    hashes: hashesOf(digest),
    pedigree: { commits: [commit] },
    externalReferences: [{ type: 'vcs', url: source.repository }],
  };
}

function materialComponent(material: ResultDocument['materials'][number]): Component {
  const { name, version, uri, sha512, license } = material;
  const isPackage = uri.startsWith('pkg:');
  return {
    type: 'library',
    'bom-ref': `material:${name}@${version}`,
    ...(isPackage ? nameOf(uri) : { name }),
    version,
    ...(isPackage && { purl: uri }),
    hashes: hashesOf({ sha512 }),
    ...(license !== null && { licenses: [licenseOf(license)] }),
    ...(!isPackage && { externalReferences: [{ type: 'vcs' as const, url: uri }] }),
  };
}

/** A namespace is CycloneDX's group. */
function nameOf(purl: string): Pick<Component, 'group' | 'name'> {
  const { namespace, name } = PackageURL.fromString(purl);
  return namespace == null ? { name } : { group: namespace, name };
}

/** What a package says of its licence: an expression of SPDX if it is one, else a name. */
function licenseOf(text: string): object {
  const acknowledgement = 'declared';
  try {
    parseLicense(text);
  } catch {
    return { license: { name: text, acknowledgement } };
  }
  return { expression: text, acknowledgement };
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

function hashesOf(digest: Readonly<Record<string, string>>): NonNullable<Component['hashes']> {
  return Object.entries(digest).flatMap(([name, content]) => {
    const alg = ALGORITHMS[name];
    return alg === undefined ? [] : [{ alg, content }];
  });
}

/** The plan as a workflow, with what it needs beside the source. */
function formulaOf(document: Rebuilt, { invocationId, startedOn, finishedOn }: Occasion): object {
  const { plan, sandbox, source } = document;
  const machinery = machineryOf(document);
  return {
    'bom-ref': 'formulation',
    components: machinery,
    workflows: [
      {
        'bom-ref': 'plan',
        uid: invocationId,
        name: plan.strategy,
        taskTypes: ['clone', 'build'],
        resourceReferences: machinery.map((one) => ({ ref: one['bom-ref'] })),
        inputs: [
          { resource: { externalReference: { type: 'vcs', url: sourceUri(source) } } },
          {
            parameters: Object.entries({
              commit: source.commit,
              directory: source.directory,
              registry: document.registry,
              registryTime: plan.registryTime,
              clock: plan.clock,
              engine: sandbox.engine,
            }).map(([name, value]) => ({ name, value })),
          },
        ],
        outputs: [{ type: 'artifact', resource: { ref: 'subject' } }],
        steps: plan.steps.map(stepOf),
        timeStart: startedOn,
        timeEnd: finishedOn,
      },
    ],
  };
}

/** The root file system and the tools: they run, and nothing of theirs need be in the file. */
function machineryOf({ sandbox, subject }: Rebuilt): readonly Component[] {
  const tools = sandbox.tools.map(({ name, version, integrity }): Component => {
    const slash = name.lastIndexOf('/');
    const namespace = slash < 0 ? null : name.slice(0, slash);
    const purl = new PackageURL(subject.ecosystem, namespace, name.slice(slash + 1), version).toString();
    return {
      type: 'application',
      'bom-ref': `tool:${name}@${version}`,
      ...nameOf(purl),
      version,
      purl,
      hashes: hashesOf(digestSetOf(integrity)),
    };
  });
  const sha256 = sandbox.image.replace(/^sha256:/, '');
  return [
    { type: 'container', 'bom-ref': 'sandbox', name: 'reprove-rootfs', hashes: hashesOf({ sha256 }) },
    ...tools,
  ];
}

function stepOf({ name, phase, argv, cwd, env, optional }: Rebuilt['plan']['steps'][number]): object {
  const variables = Object.entries(env).map(([key, value]) => ({ name: `reprove:env:${key}`, value }));
  return {
    name,
    commands: [{ executed: commandLine(argv) }],
    properties: [
      { name: 'reprove:phase', value: phase },
      { name: 'reprove:directory', value: cwd },
      { name: 'reprove:may-fail', value: String(optional) },
      ...variables,
    ],
  };
}
