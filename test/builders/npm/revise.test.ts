import { describe, expect, it } from 'vitest';
import { packerOf, packStep } from '../../../builders/npm/packers.ts';
import { revisedPlans } from '../../../builders/npm/revise.ts';
import { installStep } from '../../../builders/npm/steps.ts';
import type { PlanRequest, Went } from '../../../src/ecosystem.ts';
import type { Difference } from '../../../src/model/comparison.ts';
import type { RebuildPlan } from '../../../src/model/plan.ts';
import { publishedOf, sourceOf } from '../../support/artifacts.ts';
import {
  commands,
  difference,
  FACTS,
  failed,
  MANIFEST,
  PLAN,
  REQUEST,
  revise,
  ROOT,
  TOOLS,
  WITH_CONTENT,
} from '../../support/revising.ts';
import { tarball, tarEntry } from '../../support/tarball.ts';

describe('after packing failed', () => {
  const log = 'npm ERR! Failed at the pkg@1.0.1 prepublish script.';
  const went: Went = { kind: 'failed', code: 'pack-failed', log, phase: null };

  it('what was built is packed without scripts, and a difference then speaks against nobody', async () => {
    const { next } = await revise(went);
    expect(next.map(commands)).toEqual([
      [...commands(PLAN).slice(0, -1), 'npm pack --pack-destination=/work/output --ignore-scripts'],
    ]);
    expect(next[0]?.conclusive).toBe(false);
    expect(next[0]?.evidence.at(-1)?.kind).toBe('revised');
  });

  it('where nothing was built, nothing is packed', async () => {
    expect((await revise(went, { ...PLAN, strategy: 'install-pack' })).next).toEqual([]);
  });
});

describe('after a failed install', () => {
  it('a package that is gone is left out, and the lockfile no longer followed to the letter', async () => {
    const { next } = await revise(
      failed('fetch-failed', "npm error 404  'gone@^1' is not in this registry."),
    );
    expect(commands(next[0])[0]).toMatch(/ --without=gone npm install --ignore-scripts$/);
    expect(next[0]?.evidence).toMatchObject([
      { kind: 'revised', detail: expect.stringContaining('gone') as unknown },
    ]);
  });

  it('development dependencies on a git host are left out when it is asked for', async () => {
    const { next } = await revise(
      failed('fetch-failed', 'npm error command git ls-remote ssh://git@github.com/owner/fork'),
    );
    expect(commands(next[0])[0]).toContain('--without=fork ');
  });

  it('so are those of any other package of the repository, and its dependencies', async () => {
    const member = JSON.stringify({
      name: 'member',
      devDependencies: { ftpd: 'https://files.example/ftpd.tgz' },
      dependencies: { sheet: 'https://files.example/sheet.tgz', other: '^1.0.0' },
    });
    const request: PlanRequest = {
      ...REQUEST,
      source: sourceOf({ 'package.json': JSON.stringify(MANIFEST), 'packages/member/package.json': member }),
      readText: async (file) => (file.startsWith('packages/') ? member : REQUEST.readText(file)),
    };
    const went = failed('fetch-failed', 'request failed, reason: getaddrinfo EAI_AGAIN files.example');
    const { next } = await revisedPlans({ request, plan: PLAN, went, ...FACTS });
    expect(commands(next[0])[0]).toContain('--without=fork,ftpd,sheet ');
  });

  it('so are those of which a catalog of pnpm says where they lie', async () => {
    const member = JSON.stringify({
      name: 'member',
      devDependencies: { sock: 'catalog:', tool: 'catalog:old' },
    });
    const catalog = 'catalog:\n  sock: github:owner/sock#abc\ncatalogs:\n  old:\n    tool: ^1.0.0\n';
    const request: PlanRequest = {
      ...REQUEST,
      source: sourceOf({ 'package.json': JSON.stringify(MANIFEST), 'packages/member/package.json': member }),
      readText: async (file) =>
        file.startsWith('packages/') ? member : file === 'pnpm-workspace.yaml' ? catalog : null,
    };
    const went = failed('fetch-failed', 'request failed, reason: getaddrinfo EAI_AGAIN codeload.github.com');
    const { next } = await revisedPlans({ request, plan: PLAN, went, ...FACTS });
    expect(commands(next[0])[0]).toContain('--without=sock ');
  });

  it('conflicts of peer dependencies are gone over', async () => {
    const { next } = await revise(failed('fetch-failed', 'npm error code ERESOLVE'));
    expect(commands(next[0])[0]).toMatch(/ --force$/);
  });

  it('that did not end is done without peer dependencies, once', async () => {
    const root = { ...ROOT, lockfile: null };
    const install = installStep({ root, lock: 'ignored', version: TOOLS.npm });
    const steps: RebuildPlan['steps'] = [
      { ...install, argv: [...install.argv, '--force'] },
      ...PLAN.steps.slice(1),
    ];
    const went: Went = { kind: 'failed', code: 'timed-out', log: '', phase: 'fetch' };
    const { next } = await revise(went, { ...PLAN, steps });
    expect(commands(next[0])[0]).toMatch(
      / npm install --no-package-lock --no-save --ignore-scripts --legacy-peer-deps$/,
    );
    expect(next[0]?.steps[1]?.env).toMatchObject({ npm_config_legacy_peer_deps: 'true' });
    expect((await revise(went, next[0])).next).toEqual([]);
  });

  it('a build that did not end is given a while', async () => {
    const went: Went = { kind: 'failed', code: 'timed-out', log: '', phase: 'build' };
    const { next } = await revise(went);
    expect(next).toHaveLength(1);
    expect(commands(next[0])[1]).toBe('timeout --kill-after=5 60 npm run build');
    expect(next[0]).toMatchObject({ conclusive: false, steps: [{}, { optional: true }, {}] });
    expect((await revise(went, next[0])).next).toEqual([]);
  });

  it('a log that tells nothing leads nowhere', async () => {
    expect(await revise(failed('fetch-failed', 'Segmentation fault'))).toEqual({ next: [], last: [] });
  });

  it('a range for which there is no version at all is left out', async () => {
    const log = 'npm ERR! notarget No matching version found for gone@^3.0.0.';
    const { next } = await revise(failed('fetch-failed', log));
    expect(commands(next[0])[0]).toContain('--without=gone ');
    expect(next[0]).toMatchObject({ conclusive: false });
  });
});

describe('after a failed build', () => {
  it('the rest is built all the same, but what differs then speaks against nobody', async () => {
    const { next } = await revise(failed('build-failed', 'lint: not found'));
    expect(commands(next.at(-1))[1]).toBe('node /opt/inside/chain.cjs build');
    expect(next.at(-1)).toMatchObject({ conclusive: false });
  });

  it.each([
    ['12.22.12', '8.19.4'],
    ['10.24.1', '7.24.2'],
    ['8.17.0', undefined],
  ])('an npm 6 that breaks on Node %s is replaced by a newer one', async (node, npm) => {
    const went = failed('fetch-failed', 'npm ERR! Maximum call stack size exceeded\n');
    const { next } = await revise(went, { ...PLAN, toolchain: { node, npm: '6.14.18' } });
    expect(next[0]?.toolchain['npm']).toBe(npm);
  });

  it('a log can change a plan only so often', async () => {
    let plan = PLAN;
    for (let count = 0; count < 10; count += 1) {
      const { next } = await revise(failed('build-failed', `failure ${count}`), plan);
      plan = next.at(-1) ?? plan;
    }
    expect(plan.evidence.filter(({ kind }) => kind === 'revised')).toHaveLength(4);
  });
});

describe('after a difference', () => {
  describe('a licence of a folder', () => {
    const npmAfter = async (npm: string, ...differences: readonly Difference[]) => {
      const plan = { ...PLAN, toolchain: { ...TOOLS, npm } };
      const { next } = await revise({ kind: 'differed', differences }, plan);
      return next.map(({ toolchain }) => toolchain['npm']);
    };
    const added = { ...difference('added', 'prefixer/LICENSE'), inCommit: true };
    const missing = difference('missing', 'prefixer/README.md');
    it.each([
      ['published', '10.9.2', added, '10.2.4'],
      ['published', '8.19.4', added, '10.2.4'],
      ['packed besides', '9.8.1', missing, '10.9.2'],
    ])('that is %s is what another npm than %s packs', async (_what, npm, one, other) => {
      expect(await npmAfter(npm, one)).toContain(other);
    });
    it('is not looked at where more differs, nor where the commit has none', async () => {
      expect(await npmAfter('10.9.2', added, difference('content', 'index.js'))).not.toContain('10.2.4');
      expect(await npmAfter('10.9.2', { ...added, inCommit: false })).not.toContain('10.2.4');
    });
  });

  describe('a changelog', () => {
    const revisedNpm = async (path: string, inCommit = true) => {
      const differences = [{ ...difference('added', path), inCommit }];
      const { next } = await revise({ kind: 'differed', differences });
      return next.map(({ toolchain }) => toolchain['npm']);
    };
    it.each(['CHANGELOG.md', 'History.md', 'NOTICE', 'changes.txt'])(
      'called %s is one that npm packed until 7.11, whatever the manifest says',
      async (path) => {
        expect(await revisedNpm(path)).toContain('7.11.2');
      },
    );
    it('that is packed and not published is one that npm leaves out since 7.12', async () => {
      const plan = { ...PLAN, toolchain: { ...TOOLS, npm: '7.6.3' } };
      const differences = [difference('missing', 'CHANGELOG.md')];
      const { next } = await revise({ kind: 'differed', differences }, plan);
      expect(next.map(({ toolchain }) => toolchain['npm'])).toContain('8.19.4');
    });
    it.each([
      ['lies deeper', 'docs/CHANGELOG.md', true],
      ['is a copy', 'CHANGELOG.md~', true],
      ['is not in the commit', 'CHANGELOG.md', false],
    ])('that %s is none', async (_what, path, inCommit) => {
      expect(await revisedNpm(path, inCommit)).not.toContain('7.11.2');
    });
  });

  describe('the hooks of npm version', () => {
    const revisedSteps = async (scripts: Readonly<Record<string, string>>) => {
      const manifest = JSON.stringify({ ...MANIFEST, scripts: { ...MANIFEST.scripts, ...scripts } });
      const request = {
        ...REQUEST,
        readText: async (file: string) => (file === 'package.json' ? manifest : null),
      };
      const { next } = await revisedPlans({ ...FACTS, request, plan: PLAN, went: WITH_CONTENT });
      return next.map(commands).map((all) => all.slice(-2).join(' then '));
    };
    it('make what they make before it is packed', async () => {
      const scripts = { stamp: 'node stamp.js', postversion: 'npm run stamp && git push && npm run release' };
      expect(await revisedSteps({ ...scripts, release: 'gh-release' })).toContain(
        'npm run stamp then npm pack --pack-destination=/work/output',
      );
    });
    it.each([
      ['publish', { version: 'npm run release', release: 'npm publish' }],
      ['check', { postversion: 'npm run test:all', 'test:all': 'vitest' }],
      ['are run already', { postversion: 'npm run build' }],
      ['are not there', { postversion: 'npm run nowhere' }],
    ])('are left out where they %s', async (_what, scripts) => {
      const steps = await revisedSteps(scripts);
      expect(steps.filter((one) => /run (?:release|test:all|build|nowhere) then/.test(one))).toEqual([]);
    });
  });

  describe('scripts call the package manager that is among the dependencies', () => {
    const toolchain = { ...TOOLS, pnpm: '9.5.0' };
    const packed = (manager: 'npm' | 'pnpm') =>
      packStep(manager, { directory: '.', versions: toolchain, scripts: true });
    const packedAnew = async (devDependencies: Readonly<Record<string, string>>, manager: 'npm' | 'pnpm') => {
      const manifest = JSON.stringify({ ...MANIFEST, devDependencies });
      const readText = async (file: string) => (file === 'package.json' ? manifest : null);
      const plan: RebuildPlan = { ...PLAN, toolchain, steps: [...PLAN.steps.slice(0, -1), packed(manager)] };
      const { next } = await revisedPlans({
        ...FACTS,
        request: { ...REQUEST, readText },
        plan,
        went: WITH_CONTENT,
      });
      return next.find(({ steps }) => steps.at(-1)?.argv[0].endsWith('/.bin/pnpm'));
    };

    it('and pack with it, which nothing else runs', async () => {
      const plan = await packedAnew({ pnpm: '^8.7.5' }, 'pnpm');
      expect(commands(plan).at(-1)).toBe(
        '/work/source/node_modules/.bin/pnpm pack --pack-destination /work/output',
      );
      expect(plan?.toolchain).toEqual(toolchain);
      expect(plan === undefined ? null : packerOf(plan)).toBe('pnpm of the dependencies');
    });

    it.each([
      ['nothing packs with it', { pnpm: '^8.7.5' }, 'npm'],
      ['it is not among them', { typescript: '5' }, 'pnpm'],
      ['it comes from elsewhere', { pnpm: 'github:owner/pnpm' }, 'pnpm'],
    ] as const)('but not where %s', async (_what, devDependencies, manager) => {
      expect(await packedAnew(devDependencies, manager)).toBeUndefined();
    });
  });

  it('another text beside the version is not explained by that', async () => {
    const texts = ['const v = "1.0.0"; evil()', 'const v = "1.0.1";'] as const;
    const { next } = await revise({
      kind: 'differed',
      differences: [difference('content', 'index.js', texts)],
    });
    expect(next).toEqual([]);
  });

  it('a package that is mostly missing is looked for where the build laid it out', async () => {
    const differences = ['index.js', 'a.js'].map((path) => difference('added', path));
    const { next, last } = await revise({ kind: 'differed', differences });
    expect(commands(next[0]).at(-1)).toContain(
      '/opt/inside/pack-folder.cjs /work/source pkg index.js a.js -- npm pack',
    );
    // Other scripts that make files, but no checks, are run only when nothing else is left.
    expect(commands(last[0])).toContain('npm run build:types');
    expect(commands(last[0])).not.toContain('npm run test:types');
  });

  it.each([
    { what: 'nothing executable', all: 0o644, modes: [0o666, 0o755], mode: 'a-x,go+w' },
    { what: 'everything executable', all: 0o777, modes: [0o777, 0o644], mode: 'a+x,go+w' },
    { what: 'everything executable, and masked', all: 0o755, modes: [0o755, 0o644], mode: 'a+x' },
  ] as const)('permissions as of a disk with $what are given to all files', async ({ all, modes, mode }) => {
    const differences = [
      difference('mode', 'index.js', ['', ''], modes),
      difference('mode', 'a.js', ['', ''], modes),
    ];
    const files = ['package.json', 'index.js', 'a.js'].map((name) =>
      tarEntry({ name: `package/${name}`, content: '', mode: all }),
    );
    const request = { ...REQUEST, published: publishedOf(tarball(files), '1.0.1') };
    const { next } = await revisedPlans({
      request,
      plan: PLAN,
      went: { kind: 'differed', differences },
      ...FACTS,
    });
    expect(commands(next[0]).slice(-2)).toEqual([
      expect.stringContaining(` -exec chmod ${mode} {} +`),
      expect.stringContaining('npm pack'),
    ]);
  });

  it('permissions of nothing but what the build made are given to that alone', async () => {
    const modes = [0o666, 0o755] as const;
    const differences = ['dist/a.js', 'dist/sub/b.js', 'es/c.js'].map((path) =>
      difference('mode', path, ['', ''], modes),
    );
    const { next } = await revise({ kind: 'differed', differences });
    expect(commands(next[0]).at(-2)).toMatch(/^find dist es -type f .* chmod a-x,go\+w \{\} \+$/);
  });

  it('line ends of Windows are those of a checkout there', async () => {
    const differences = [
      difference('content', 'index.d.ts', ['a\r\nb\r\n', 'a\nb\n']),
      difference('content', 'half.js', ['a\r\nb\r\n', 'a\r\nb\n']),
      difference('mode', 'bin.js', ['', ''], [0o644, 0o755]),
    ];
    const { next } = await revise({ kind: 'differed', differences });
    expect(next[0]?.withGit).toBe(true);
    expect(commands(next[0])[1]).toMatch(/^bash -c git config core\.autocrlf true && /);
  });

  it('where more files end otherwise than differ in more, the rest is seen after a checkout as there', async () => {
    const differences = [
      difference('content', 'index.d.ts', ['a\r\nb\r\n', 'a\nb\n']),
      difference('content', 'index.js', ['a()\r\n', 'a()\n']),
      difference('content', 'README.md', ['# A\r\nmore\r\n', '# A\n']),
    ];
    const { next } = await revise({ kind: 'differed', differences });
    expect(commands(next[0])[1]).toMatch(/^bash -c git config core\.autocrlf true && /);
  });

  it('but where as many differ in more, line ends explain nothing', async () => {
    const differences = [
      difference('content', 'index.d.ts', ['a\r\n', 'a\n']),
      difference('content', 'index.js', ['a()\r\nb()\r\n', 'a()\n']),
    ];
    expect((await revise({ kind: 'differed', differences })).next).toEqual([]);
  });

  it.each([
    ['one file that can be executed', [difference('mode', 'a.js', ['', ''], [0o755, 0o644])]],
    [
      'one that can be and one that cannot',
      [
        difference('mode', 'index.js', ['', ''], [0o755, 0o644]),
        difference('mode', 'a.js', ['', ''], [0o644, 0o755]),
      ],
    ],
  ])('%s is nothing that a disk explains', async (_what, differences) => {
    expect((await revise({ kind: 'differed', differences })).next).toEqual([]);
  });

  describe('in the order of dependencies', () => {
    const pnpm: RebuildPlan = {
      ...PLAN,
      steps: [packStep('pnpm', { directory: '.', versions: TOOLS, scripts: true })],
    };
    const texts = (published: object, rebuilt: object) =>
      [JSON.stringify(published), JSON.stringify(rebuilt)] as const;
    const at = (pair: readonly [string, string], plan = pnpm) =>
      revise({ kind: 'differed', differences: [difference('content', 'package.json', pair)] }, plan);
    const [published, rebuilt] = [{ dependencies: { b: '2', a: '1' } }, { dependencies: { a: '1', b: '2' } }];

    it('is chance with pnpm: the published one is taken', async () => {
      const { next } = await at(texts(published, rebuilt));
      expect(commands(next[0]).at(-2)).toBe('node /opt/inside/tables.cjs {"dependencies":{"b":"2","a":"1"}}');
    });

    it.each([
      ['with another packer', texts(published, rebuilt), PLAN],
      ['with another version', texts({ dependencies: { b: '2', a: '9' } }, rebuilt), pnpm],
      ['with one more', texts({ dependencies: { b: '2', a: '1', evil: '1' } }, rebuilt), pnpm],
      ['beside anything else', texts({ ...published, main: 'evil.js' }, rebuilt), pnpm],
    ] as const)('is not taken %s', async (_what, pair, plan) => {
      expect((await at(pair, plan)).next).toEqual([]);
    });
  });

  it('built files are built in a folder called as a clone is, when nothing else is left', async () => {
    const request = {
      ...REQUEST,
      source: { ...REQUEST.source, repository: 'https://git.example/owner/lib.git' },
    };
    const { last } = await revisedPlans({ request, plan: PLAN, went: WITH_CONTENT, ...FACTS });
    expect(last[0]?.steps.map(({ cwd, argv }) => [cwd, argv.slice(0, 3).join(' ')])).toEqual([
      ['/work/source', expect.stringContaining('/opt/')],
      ['/work', 'mv /work/source /work/lib'],
      ['/work/lib', 'npm run build'],
      ['/work/lib', 'npm pack --pack-destination=/work/output'],
    ]);
  });

  it('built files are built as on a machine of a person, where CI is not set', async () => {
    const environments = (plan: RebuildPlan | undefined) => plan?.steps.map(({ env }) => env['CI'] ?? null);
    const { last } = await revise(WITH_CONTENT);
    expect(environments(PLAN)).toEqual(['true', 'true', 'true']);
    expect(last.map(environments)).toContainEqual(['true', null, null]);
  });

  it('what was resolved without a lockfile is resolved as of a month earlier', async () => {
    const evidence = [{ kind: 'resolution', detail: 'no lockfile' }];
    const { last } = await revise(WITH_CONTENT, { ...PLAN, evidence });
    expect(last.map(({ registryTime }) => registryTime)).toContain('2023-12-02T00:00:00.000Z');
    expect((await revise(WITH_CONTENT)).last.map(({ registryTime }) => registryTime)).not.toContain(
      '2023-12-02T00:00:00.000Z',
    );
  });

  describe('where the registry took the packages over later than they were published', () => {
    const takenOver = async (went: Went, publishedAt: string, kind = 'resolution') => {
      const request = { ...REQUEST, published: { ...REQUEST.published, publishedAt } };
      const plan = { ...PLAN, evidence: [{ kind, detail: '' }] };
      const { next, last } = await revisedPlans({ ...FACTS, request, plan, went });
      return [...next, ...last].map(({ registryTime, conclusive }) => [registryTime, conclusive]);
    };
    const FAILED = failed('build-failed', "error TS5023: Unknown compiler option 'customConditions'.");

    it.each([
      ['a build fails', FAILED],
      ['built files differ', WITH_CONTENT],
    ])(
      '%s: resolved as of what it took over with them, and a difference says nothing',
      async (_what, went) => {
        const times = await takenOver(went, '2024-02-23T22:24:14.754Z');
        expect(times).toContainEqual(['2024-04-23T22:24:14.754Z', false]);
        expect(times).toContainEqual(['2026-02-22T22:24:14.754Z', false]);
      },
    );

    it('so are dependencies whose versions are hidden, of a package that it took over at once', async () => {
      const plan = { ...PLAN, evidence: [{ kind: 'resolution', detail: '' }] };
      const request = { ...REQUEST, published: { ...REQUEST.published, publishedAt: REQUEST.instant } };
      const hiding = { ...FACTS, hidesVersions: true };
      const { last } = await revisedPlans({ ...hiding, request, plan, went: WITH_CONTENT });
      const times = last.map(({ registryTime, conclusive }) => [registryTime, conclusive]);
      expect(times).toContainEqual(['2024-03-01T00:00:00.000Z', false]);
    });

    it('that is done once', async () => {
      const publishedAt = '2024-02-23T22:24:14.754Z';
      const request = { ...REQUEST, published: { ...REQUEST.published, publishedAt } };
      const evidence = [{ kind: 'resolution', detail: '' }];
      const plan = { ...PLAN, evidence, registryTime: '2024-04-23T22:24:14.754Z' };
      const { next } = await revisedPlans({ ...FACTS, request, plan, went: FAILED });
      expect(next.map(({ registryTime }) => registryTime)).not.toContain('2026-02-22T22:24:14.754Z');
    });

    it.each([
      ['its time is the true one', REQUEST.instant, 'resolution'],
      ['a lockfile is followed', '2024-02-23T22:24:14.754Z', 'lockfile'],
    ])('nothing is changed where %s', async (_what, publishedAt, kind) => {
      const times = await takenOver(FAILED, publishedAt, kind);
      expect(times.filter(([time]) => time !== REQUEST.instant)).toEqual([]);
    });
  });

  it('is read once: no plan is changed by difference upon difference', async () => {
    const differences = ['index.js', 'a.js'].map((path) => difference('added', path));
    const { next } = await revise({ kind: 'differed', differences });
    expect(await revise({ kind: 'differed', differences }, next[0])).toEqual({
      next: [],
      last: [],
    });
  });
});
