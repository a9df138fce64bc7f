/** Plans for made-up packages. */
import { npmPlans, type ToolClues } from '../../builders/npm/plan.ts';
import type { ManagerName } from '../../builders/npm/managers/manager.ts';
import type { PlanRequest } from '../../src/ecosystem.ts';
import type { EntryRole } from '../../src/judge/roles.ts';
import { publishedOf, sourceOf } from './artifacts.ts';
import { npmTarball } from './tarball.ts';

type Files = Readonly<Record<string, string | object>>;

interface Situation {
  readonly files: Files;
  readonly directory?: string;
  /** Published entries that are no blob of the commit, with what they can do. */
  readonly unexplained?: Readonly<Record<string, EntryRole>>;
  readonly publishedAt?: string;
  /** Of the npm that is chosen. */
  readonly npm?: string;
  readonly published?: string;
  /** Whose marks the published archive bears. */
  readonly packer?: ManagerName;
  /** What was published. */
  readonly archive?: Readonly<Record<string, string>>;
  /** On the commit and before it. */
  readonly tags?: readonly string[];
}

/** Plans, their steps in words, and what the toolchain is chosen by. */
export async function plansOf(situation: Situation) {
  const { files, directory = '.', unexplained = {}, publishedAt = null, npm = '10.0.0' } = situation;
  const { published: version = '1.0.0', packer = 'npm', tags = [] } = situation;
  const { archive = { 'package.json': '{"name":"pkg","version":"1.0.0"}' } } = situation;
  const texts = Object.fromEntries(
    Object.entries(files).map(([name, content]) => [
      name,
      // A manifest states the published version unless a test is about that.
      typeof content === 'string' ? content : JSON.stringify({ version: '1.0.0', ...content }),
    ]),
  );
  const clues: ToolClues[] = [];
  const request: PlanRequest = {
    published: { ...publishedOf(npmTarball(archive), version), publishedAt },
    source: sourceOf(texts, directory),
    unexplained: Object.keys(unexplained),
    readText: (file) => Promise.resolve(texts[file] ?? null),
    tagsBefore: () => Promise.resolve(tags),
    historyOf: () => Promise.resolve([]),
    instant: '2024-01-01T00:00:00.000Z',
  };
  const plans = await npmPlans(request, {
    roles: new Map(Object.entries(unexplained)),
    packer,
    choose: (one) => {
      clues.push(one);
      const versions = { node: '22.0.0', npm, pnpm: '9.0.0', yarn: '4.0.0', bun: '1.2.0' };
      return Promise.resolve({ versions, evidence: [] });
    },
  });
  const steps = plans.map((plan) =>
    plan.steps.map((step) => `${step.phase} ${step.cwd}: ${step.argv.join(' ')}`),
  );
  return { plans, steps, clues };
}
