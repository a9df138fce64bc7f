import type { BareForm } from '../ecosystem.ts';
import type { Step } from '../model/plan.ts';
import { LAYOUT } from '../sandbox/engine.ts';
import { BASE_ENV, BUILDER_ID } from '../sandbox/layout.ts';
import { oneLine } from './canvas.ts';
import type { PlansDocument } from './plans-document.ts';

export interface DockerfileOptions {
  readonly document: PlansDocument;
  /** Of the first plan. */
  readonly form: BareForm;
  /** Where packages come from, without credentials. */
  readonly registry: string;
}

type Plan = PlansDocument['plans'][number];
type Source = PlansDocument['sources'][number];

/** What a git client and the tools of builds need; the root file system of our own has the same. */
const PACKAGES = 'bash ca-certificates g++ git libatomic1 make procps python3';

/**
 * The first plan of a document as a plain Dockerfile, for whoever wants to do the same build without reprove. Its comments say what
 * that lacks.
 *
 * @throws Error when the document has no plan
 */
export function dockerfileOf({ document, form, registry }: DockerfileOptions): string {
  const [plan] = document.plans;
  const source = document.sources.find(({ commit }) => commit === plan?.commit);
  if (plan === undefined || source === undefined) throw new Error('There is no plan with its source.');
  const steps = plan.steps.map((step) => form.step(step));
  const shared = sharedVariables(steps);
  const blocks = [
    headBlock(document, plan),
    lackBlock(plan, form),
    baseBlock(),
    toolsBlock(form),
    sourceBlock(source, plan),
    environmentBlock({ plan, shared, form, registry }),
    ...stepBlocks(steps, shared),
    [`# The archive is the one file in ${plan.output}.`],
  ];
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

type Lines = readonly string[];

function comment(text: string): string {
  return `# ${oneLine(text)}`;
}

function headBlock({ subject, plans, tool }: PlansDocument, { strategy, output }: Plan): Lines {
  const sha512 = subject.digests?.sha512 ?? 'not known';
  return [
    comment(`${subject.purl}: plan 1 of ${plans.length} ("${strategy}") of ${tool.name} ${tool.version}.`),
    '#',
    '#   docker build --tag rebuilt - < Dockerfile',
    '#   docker create --name rebuilt rebuilt',
    `#   docker cp rebuilt:${oneLine(output)} .`,
    '#',
    comment(`The published ${subject.artifact ?? 'file'} has sha512 ${sha512}.`),
  ];
}

/** Everything that reprove does and a Dockerfile cannot. */
function lackBlock({ steps, registryTime, clock }: Plan, form: BareForm): Lines {
  const fetches = steps.some(({ phase }) => phase === 'fetch');
  const lacks = [
    fetches &&
      `The registry as of ${registryTime}: here it is that of today. Without a lockfile other versions will come.`,
    fetches && 'The digest of every file that was fetched: here only what a lockfile states is checked.',
    `The clock from ${clock} on: here it is that of today. SOURCE_DATE_EPOCH is set, which some tools go by.`,
    'No network: here every step has what Docker gives it. With BuildKit write "RUN --network=none" for build and pack.',
    'A root file system and tools by their digests: here both are what the base image, Debian and the registry have today.',
    'The comparison: other packers and compressions are looked for there when only those differ.',
    ...form.lost.map((sentence) => `Not done here: ${sentence}.`),
  ].filter((one) => one !== false);
  return ['# What a rebuild with reprove has and this has not:', ...lacks.map((one) => comment(`- ${one}`))];
}

function baseBlock(): Lines {
  const { work, source, output, temporary, home, tools } = LAYOUT;
  const folders = [source, output, temporary, home].join(' ');
  return [
    '# Name a base image by its digest, and this line says the same tomorrow.',
    'ARG BASE=debian:bookworm-slim',
    'FROM ${BASE}',
    'USER 0:0',
    'RUN if command -v apt-get >/dev/null; then \\',
    `      apt-get update && apt-get install -y --no-install-recommends ${PACKAGES}; \\`,
    '    fi',
    `RUN mkdir -p ${folders} ${tools}/shims && chown -R ${BUILDER_ID}:${BUILDER_ID} ${work}`,
  ];
}

function toolsBlock({ tools, programs, files }: BareForm): Lines {
  const fetched = tools.flatMap(({ role, version, url }) => [
    comment(`${role} ${version}`),
    `ADD ${url} ${LAYOUT.tools}/${role}.tgz`,
    `RUN mkdir ${LAYOUT.tools}/${role} && tar -xzf ${LAYOUT.tools}/${role}.tgz -C ${LAYOUT.tools}/${role} --strip-components=1 --no-same-owner`,
  ]);
  const written = Object.entries(programs).map(([name, text]) =>
    writeFile(`${LAYOUT.tools}/shims/${name}`, text),
  );
  return [...fetched, ...written, ...files.map(({ path, text }) => writeFile(path, text))];
}

/** A file with this text that everybody may run. */
function writeFile(path: string, text: string): string {
  const script = 'mkdir -p "${1%/*}" && printf %s "$2" >"$1" && chmod 755 "$1"';
  return run(['sh', '-c', script, 'sh', path, text]);
}

/** The form that no shell reads: words reach the program as they are. */
function run(words: readonly string[]): string {
  return `RUN ${JSON.stringify(words).replaceAll(/[\u007f-\uffff]/g, escaped)}`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function sourceBlock({ repository, commit, ref }: Source, { withGit }: Plan): Lines {
  const tag = withGit && ref?.startsWith('refs/tags/') === true ? `${ref}:${ref}` : null;
  const git = (...words: readonly string[]) => run(['git', '-C', LAYOUT.source, ...words]);
  return [
    `USER ${BUILDER_ID}:${BUILDER_ID}`,
    `ENV ${Object.entries({ HOME: BASE_ENV['HOME'], TMPDIR: BASE_ENV['TMPDIR'], TZ: 'UTC', LANG: 'C.UTF-8' })
      .map(([name, value]) => `${name}=${value ?? ''}`)
      .join(' ')}`,
    git('init', '--quiet'),
    git('remote', 'add', 'origin', repository),
    git('fetch', '--quiet', '--depth=1', 'origin', commit, ...(tag === null ? [] : [tag])),
    git('-c', 'advice.detachedHead=false', 'checkout', '--quiet', commit),
    ...(withGit ? [] : [run(['rm', '-rf', `${LAYOUT.source}/.git`])]),
  ];
}

type Variables = Readonly<Record<string, string>>;

/** Variables that every step has with the same value, and that can stand in an ENV line. */
function sharedVariables([first, ...others]: readonly Step[]): Variables {
  const isShared = ([name, value]: readonly [string, string]) =>
    !/\p{Cc}/u.test(value) && others.every(({ env }) => env[name] === value);
  return Object.fromEntries(Object.entries(first?.env ?? {}).filter(isShared));
}

function environmentBlock(options: {
  readonly plan: Plan;
  readonly shared: Variables;
  readonly form: BareForm;
  readonly registry: string;
}): Lines {
  const { plan, shared, form, registry } = options;
  const epoch = String(Math.floor(Date.parse(plan.clock) / 1000));
  const all = { ...shared, SOURCE_DATE_EPOCH: epoch };
  return [
    `ARG REGISTRY=${registry}`,
    ...Object.entries(all).map(([name, value]) => `ENV ${name}=${variableText(value, form.registryUrl)}`),
  ];
}

/** A value between double quotes, in which only the registry's address is a variable. */
function variableText(value: string, registryUrl: string): string {
  const quoted = value.replaceAll(/[\\"$]/g, String.raw`\$&`);
  const [whole, bare] = [registryUrl, registryUrl.replace(/\/$/, '')];
  return `"${quoted.replaceAll(whole, '${REGISTRY}').replaceAll(bare, '${REGISTRY}')}"`;
}

/** The steps, each in its folder. */
function stepBlocks(steps: readonly Step[], shared: Variables): readonly Lines[] {
  return steps.map(({ name, phase, argv, cwd, env, optional }, index) => {
    const own = Object.entries(env)
      .filter(([key]) => !Object.hasOwn(shared, key))
      .map(([key, value]) => `${key}=${value}`);
    const words = own.length === 0 ? argv : ['env', ...own, ...argv];
    const isThere = steps[index - 1]?.cwd === cwd;
    return [
      comment(`${index + 1}. ${phase}: ${name}${optional ? ' (may fail)' : ''}`),
      ...(isThere ? [] : [`WORKDIR ${cwd.replaceAll(/[\\$]/g, String.raw`\$&`)}`]),
      run(optional ? ['sh', '-c', '"$@" || true', 'sh', ...words] : words),
    ];
  });
}
