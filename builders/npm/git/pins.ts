import { z } from 'zod';
import type { Step } from '../../../src/model/plan.ts';

/** What is served for dependencies in git repositories: by their words, `<host>/<path>/<full commit id>`. */
export type GitPins = Readonly<Record<string, string>>;

/** How the word begins that tells inside/registry.cjs of them. */
export const PINS_WORD = '--git=';
const Pins = z.record(z.string(), z.string());

export function pinsWord(pins: GitPins): string {
  return PINS_WORD + JSON.stringify(pins);
}

/** The pins of the fetch steps of a plan; those of a plan file that are no JSON are none. */
export function pinsOf(steps: readonly Step[]): GitPins {
  const words = steps.filter(({ phase }) => phase === 'fetch').flatMap(({ argv }) => argv);
  const texts = words
    .filter((word) => word.startsWith(PINS_WORD))
    .map((word) => word.slice(PINS_WORD.length));
  return Object.assign({}, ...texts.map(read)) as GitPins;
}

function read(text: string): GitPins {
  try {
    return Pins.safeParse(JSON.parse(text)).data ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
