import { describe, expect, test } from 'vitest';
import { judge, type JudgeRequest, type Judgement } from '../../src/judge/judge.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import { REASON_CODES } from '../../src/model/verdict.ts';
import { archiveOf, compareTarballs, type TarballPair } from '../support/artifacts.ts';
import { type Files, gzipOf, npmTar, npmTarball, paxHeader, tarball, tarEntry } from '../support/tarball.ts';

const FILES = { 'package.json': '{"name":"a"}', 'index.js': 'ok()', 'README.md': 'hello' };
const honest = npmTarball(FILES);
const NO_ROLES = new Map<string, EntryRole>();

function judged(
  pair: Omit<TarballPair, 'rebuilt'> & { rebuilt?: Uint8Array },
  more: Partial<JudgeRequest> = {},
): Judgement {
  const { anomalies } = archiveOf(pair.published);
  const comparison = compareTarballs({ rebuilt: honest, ...pair });
  return judge({
    comparison,
    failure: null,
    anomalies,
    roles: NO_ROLES,
    ecosystemFindings: [],
    signals: [],
    ...more,
  });
}

const brief = ({ findings }: Judgement) => findings.map(({ kind, severity, path }) => [kind, severity, path]);

describe('reproduced', () => {
  test('at each level', () => {
    expect(judged({ published: honest })).toMatchObject({
      verdict: 'reproduced',
      level: 'bytes',
      severity: 'none',
      reason: null,
      findings: [],
    });
    const tar = judged({ published: gzipOf(npmTar(FILES), { extraFlags: 0 }) });
    expect(tar).toMatchObject({ verdict: 'reproduced', level: 'tar', severity: 'info' });
    expect(brief(tar)).toEqual([['wrapping-differs', 'info', null]]);
    const contents = npmTarball({ 'README.md': 'hello', 'index.js': 'ok()', 'package.json': '{"name":"a"}' });
    expect(judged({ published: contents })).toMatchObject({ verdict: 'reproduced', level: 'contents' });
    const normalized = npmTarball({ ...FILES, 'package.json': '{\n  "name": "a"\n}' });
    expect(judged({ published: normalized })).toMatchObject({ verdict: 'reproduced', level: 'normalized' });
  });
  test('with an oddity that the rebuilt archive has too, which is still shown', () => {
    const odd = tarball([tarEntry({ name: 'package/l', type: '2', linkName: 'a' })]);
    const judgement = judged({
      published: odd,
      rebuilt: gzipOf(
        Buffer.concat([
          npmTar({}).subarray(0, 0),
          tarEntry({ name: 'package/l', type: '2', linkName: 'a', uid: 5 }),
          Buffer.alloc(1024),
        ]),
      ),
    });
    expect(judgement).toMatchObject({ verdict: 'reproduced', level: 'contents', severity: 'low' });
    expect(judgement.findings[0]).toMatchObject({ kind: 'link-entry', evidence: { reproduced: true } });
  });
  test('with a plain file name in the gzip header', () => {
    const named = gzipOf(npmTar(FILES), { flags: 8, fields: Buffer.from('a.tar\0') });
    expect(judged({ published: named })).toMatchObject({
      verdict: 'reproduced',
      level: 'tar',
      severity: 'low',
    });
  });
  test('although the registry describes other commands: shown, with its severity', () => {
    const finding = {
      kind: 'manifest-mismatch',
      severity: 'medium',
      path: 'package.json',
      message: 'm',
      evidence: {},
    } as const;
    expect(judged({ published: honest }, { ecosystemFindings: [finding] })).toMatchObject({
      verdict: 'reproduced',
      severity: 'medium',
      findings: [finding],
    });
  });
  test('signals are passed on and change nothing', () => {
    const signals = [{ kind: 'not-the-registry-artifact', severity: 'high', message: 'm' }] as const;
    expect(judged({ published: honest }, { signals })).toMatchObject({
      verdict: 'reproduced',
      severity: 'none',
      signals,
    });
  });
});

test('a registry that describes other dependencies or scripts makes equal files diverge', () => {
  const finding = {
    kind: 'manifest-mismatch',
    severity: 'high',
    path: null,
    message: 'm',
    evidence: {},
  } as const;
  const judgement = judged({ published: npmTarball(FILES) }, { ecosystemFindings: [finding] });
  expect(judgement).toMatchObject({ verdict: 'diverged', level: null, severity: 'high' });
});

describe('hidden bytes make equal files diverge', () => {
  const tar = npmTar(FILES);
  const entries = Object.entries(FILES).map(([path, content]) =>
    tarEntry({ name: `package/${path}`, content }),
  );
  test.each([
    ['gzip-trailing-bytes', Buffer.concat([honest, Buffer.from('payload')])],
    ['gzip-extra-member', Buffer.concat([honest, gzipOf(Buffer.alloc(0))])],
    ['gzip-header-field', gzipOf(tar, { flags: 16, fields: Buffer.from('payload\0') })],
    ['tar-trailing-bytes', gzipOf(Buffer.concat([tar, Buffer.from('payload')]))],
    [
      'tar-padding',
      tarball([
        tarEntry({ name: 'package/package.json', content: FILES['package.json'], padding: 7 }),
        ...entries.slice(1),
      ]),
    ],
    ['pax-record', tarball([paxHeader({ comment: 'payload' }), ...entries])],
  ])('%s', (kind, published) => {
    expect(compareTarballs({ published, rebuilt: honest }).level).not.toBeNull();
    const judgement = judged({ published });
    expect(judgement).toMatchObject({ verdict: 'diverged', level: null });
    expect(judgement.findings.map((finding) => finding.kind)).toContain(kind);
    expect(['medium', 'high']).toContain(judgement.severity);
  });
  test('unless the rebuilt file has the very same bytes', () => {
    const published = Buffer.concat([honest, Buffer.from('payload')]);
    expect(judged({ published, rebuilt: Buffer.from(published) })).toMatchObject({
      verdict: 'reproduced',
      level: 'bytes',
      severity: 'low',
    });
  });
  test('a duplicate with other bytes, where only contents are equal', () => {
    const both = (mtime: number) =>
      ['a', 'b'].map((content) => tarEntry({ name: 'package/a.js', content, mtime }));
    const judgement = judged({ published: tarball(both(1)), rebuilt: tarball(both(5)) });
    expect(judgement).toMatchObject({ verdict: 'diverged', severity: 'high' });
  });
  test('but not a file that is there twice', () => {
    const both = (mtime: number) =>
      ['a', 'a'].map((content) => tarEntry({ name: 'package/a.js', content, mtime }));
    const judgement = judged({ published: tarball(both(1)), rebuilt: tarball(both(5)) });
    expect(judgement).toMatchObject({ verdict: 'reproduced', severity: 'low' });
  });
});

describe('severity follows what an entry can do', () => {
  test.each([
    ['evil.js', 'high'],
    ['.pi/self-learning-memory/evil.js', 'high'],
    ['.claude/hook.sh', 'high'],
    ['docs/guide.md.js', 'high'],
    ['lib/a.node', 'high'],
    ['lib/a.exe.', 'high'],
    ['lib/a.ts', 'high'],
    ['.pi/self-learning-memory/2026-08-18.md', 'low'],
    ['.claude/settings.local.json', 'low'],
    ['.claude/notes.md', 'low'],
    ['types/index.d.ts', 'low'],
    ['dist/index.js.map', 'low'],
    ['LICENSE', 'low'],
    ['data/blob', 'medium'],
    ['data/model.bin2', 'medium'],
  ])('%s added is %s', (path, severity) => {
    const judgement = judged({ published: npmTarball({ ...FILES, [path]: 'x' }) });
    expect(judgement.verdict).toBe('diverged');
    expect(brief(judgement)).toContainEqual(['file-added', severity, path]);
  });
  test.each([
    ['a script by its first line', '#!/bin/sh\n'],
    ['an ELF program', '\u007fELF'],
    ['a Windows program', 'MZ\u0090'],
    ['WebAssembly', '\u0000asm'],
  ])('%s is code whatever its name says', (_what, content) => {
    const published = npmTarball({ ...FILES, 'docs/notes.md': Buffer.from(content, 'latin1') });
    expect(brief(judged({ published }))).toContainEqual(['file-added', 'high', 'docs/notes.md']);
  });
  test('what runs on install is critical', () => {
    const roles = new Map<string, EntryRole>([['setup.txt', 'runs-on-install']]);
    expect(judged({ published: npmTarball({ ...FILES, 'setup.txt': 'x' }) }, { roles }).severity).toBe(
      'critical',
    );
  });
  test('a role of the ecosystem never makes code look harmless', () => {
    const roles = new Map<string, EntryRole>([['evil.js', 'read-by-people']]);
    expect(judged({ published: npmTarball({ ...FILES, 'evil.js': 'x' }) }, { roles }).severity).toBe('high');
  });
  test('only prose changed is low, and still diverged', () => {
    const judgement = judged({ published: npmTarball({ ...FILES, 'README.md': 'hello!' }) });
    expect(judgement).toMatchObject({ verdict: 'diverged', level: null, severity: 'low' });
  });
  test('bytes of the commit that the rebuild does not pack are one step milder', () => {
    const published = npmTarball({ ...FILES, 'test/a.js': 'x' });
    expect(judged({ published, commit: { 'test/a.js': 'x' } }).severity).toBe('medium');
    expect(judged({ published, commit: { 'elsewhere/a.js': 'x' } }).severity).toBe('high');
  });
  test('but code of the commit that a build replaces is not', () => {
    const rebuilt = npmTarball({ ...FILES, 'dist/a.js': 'honest' });
    const published = npmTarball({ ...FILES, 'dist/a.js': 'x' });
    expect(judged({ published, rebuilt, commit: { 'dist/a.js': 'x' } }).severity).toBe('high');
  });
  test('modes', () => {
    const mode = (bits: number) =>
      judged({
        published: tarball([tarEntry({ name: 'package/a', mode: bits })]),
        rebuilt: tarball([tarEntry({ name: 'package/a' })]),
      });
    expect([0o664, 0o755, 0o4755, 0o600].map((bits) => mode(bits).severity)).toEqual([
      'info',
      'medium',
      'high',
      'info',
    ]);
    expect(mode(0o600)).toMatchObject({ verdict: 'reproduced', level: 'contents' });
    expect(mode(0o755).findings[0]?.message).toContain('mode 755 instead of 644');
  });
  test('findings come worst first and name paths visibly', () => {
    const judgement = judged({ published: npmTarball({ ...FILES, 'README.md': 'x', 'e\u200b.js': 'x' }) });
    expect(judgement.findings.map(({ severity }) => severity)).toEqual(['high', 'high', 'low']);
    expect(JSON.stringify(judgement.findings.map(({ message }) => message))).toContain('e<U+200B>.js');
  });
});

describe('a new file of the size of a payload', () => {
  const large = 'x'.repeat(500_001);
  const messageOf = (published: Files, rebuilt: Files) => {
    const [one] = judged(
      { published: npmTarball(published), rebuilt: npmTarball(rebuilt) },
      { rebuilt: archiveOf(npmTarball(rebuilt)) },
    ).findings;
    return one?.message ?? '';
  };
  test('is said to be, whatever it is called', () => {
    expect(messageOf({ ...FILES, 'logo.png': large }, FILES)).toMatch(/is data; it is larger than 500 kB/);
  });
  test('is not beside one that is as large, when it is smaller, or when it was there', () => {
    const most = { ...FILES, 'a.png': large };
    expect(messageOf({ ...most, 'b.png': large }, most)).not.toContain('500 kB');
    expect(messageOf({ ...FILES, 'a.png': large.slice(1) }, FILES)).not.toContain('500 kB');
    expect(messageOf(most, { ...FILES, 'a.png': 'x' })).not.toContain('500 kB');
  });
});

describe('fails closed', () => {
  const base = { anomalies: [], roles: NO_ROLES, ecosystemFindings: [], signals: [] };
  const equal = compareTarballs({ published: honest, rebuilt: honest });

  test('nothing rebuilt and no reason', () => {
    expect(judge({ ...base, comparison: null, failure: null })).toMatchObject({
      verdict: 'unverifiable',
      reason: { code: 'unsupported' },
    });
  });
  test('a failure beside an equal comparison', () => {
    const failure = { code: 'build-failed', message: 'm' } as const;
    expect(judge({ ...base, comparison: equal, failure })).toMatchObject({
      verdict: 'unverifiable',
      level: null,
      reason: failure,
    });
  });
  test('a level beside differences', () => {
    const { differences } = compareTarballs({ published: npmTarball({ ...FILES, x: 'x' }), rebuilt: honest });
    expect(judge({ ...base, comparison: { ...equal, differences }, failure: null })).toMatchObject({
      verdict: 'diverged',
      level: null,
    });
  });
  test('no level and no difference', () => {
    expect(judge({ ...base, comparison: { ...equal, level: null }, failure: null })).toMatchObject({
      verdict: 'diverged',
      severity: 'high',
    });
  });
  test('a finding of an unknown kind', () => {
    const unknown = {
      kind: 'never-heard-of',
      severity: 'info',
      path: null,
      message: 'm',
      evidence: {},
    } as const;
    expect(judge({ ...base, comparison: equal, failure: null, ecosystemFindings: [unknown] }).verdict).toBe(
      'diverged',
    );
  });
  test.each(REASON_CODES)('%s is unverifiable, never reproduced, never diverged', (code) => {
    const judgement = judge({ ...base, comparison: null, failure: { code, message: 'm' } });
    expect(judgement).toMatchObject({ verdict: 'unverifiable', level: null, reason: { code } });
  });
  test('an artifact that is invalid or not the promised one is alarming', () => {
    const severity = (code: 'artifact-invalid' | 'integrity-mismatch' | 'build-failed') =>
      judge({ ...base, comparison: null, failure: { code, message: 'm' } }).severity;
    expect(severity('artifact-invalid')).toBe('high');
    expect(severity('integrity-mismatch')).toBe('critical');
    expect(severity('build-failed')).toBe('none');
  });
  test('anomalies are shown although nothing was rebuilt', () => {
    const { anomalies } = archiveOf(Buffer.concat([honest, Buffer.from('payload')]));
    const judgement = judge({
      ...base,
      anomalies,
      comparison: null,
      failure: { code: 'build-failed', message: 'm' },
    });
    expect(judgement).toMatchObject({
      verdict: 'unverifiable',
      severity: 'medium',
      findings: [{ kind: 'gzip-trailing-bytes' }],
    });
  });
});
