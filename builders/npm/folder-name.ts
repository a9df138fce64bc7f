import type { Step } from '../../src/model/plan.ts';
import { LAYOUT } from '../../src/sandbox/engine.ts';
import { afterFetching } from './step-places.ts';

/** Names that are taken next to the source, or that are none. */
const TAKEN = /^(?:source|home|output|tmp|\.+)$/;

/** The last part of a repository's URL, which is what a clone of it is called; null when that is no name of a folder. */
export function cloneName(repository: string): string | null {
  const name = /([\w.-]{1,100}?)(?:\.git)?\/*$/.exec(repository)?.[1] ?? '';
  return name === '' || TAKEN.test(name) ? null : name;
}

/** The steps of a plan with the source in a folder of another name from the end of the fetch phase on. */
export function inFolderNamed(steps: readonly Step[], name: string): readonly Step[] {
  const folder = `${LAYOUT.work}/${name}`;
  const there = (text: string) => text.replaceAll(SOURCE, folder);
  const moved = steps.map((step): Step =>
    step.phase === 'fetch'
      ? step
      : {
          ...step,
          argv: step.argv.map(there) as unknown as Step['argv'],
          cwd: there(step.cwd),
          env: Object.fromEntries(Object.entries(step.env).map(([key, value]) => [key, there(value)])),
        },
  );
  const move: Step = {
    name: `call the folder ${name}`,
    phase: 'build',
    argv: ['mv', LAYOUT.source, folder],
    cwd: LAYOUT.work,
    env: {},
    optional: false,
  };
  return afterFetching(moved, [move]);
}

/** The folder of the source, and not one that only begins like it. */
const SOURCE = new RegExp(`${LAYOUT.source}(?![\\w.-])`, 'g');
