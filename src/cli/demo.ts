import { openPublisher } from '../../builders/npm/publisher.ts';
import { DEMO_CASES } from '../demo/cases.ts';
import { openDemoWorld } from '../demo/world.ts';
import { reportOf } from '../report/report.ts';
import { renderText } from '../report/text.ts';
import { verify } from '../verify.ts';
import type { DemoOptions } from './demo-options.ts';
import { liveProgress } from './progress.ts';
import { terminal } from './terminal.ts';
import { openTools } from './tools.ts';

const TIMEOUT_S = 600;

/**
 * `reprove demo`: the newcomer's tour. Publishes every case to a registry of its own, verifies it in a real sandbox
 * and prints the verdict.
 *
 * @returns 0 when every verdict is the one to be expected, else 4
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const setUp = liveProgress({ title: 'the packages of the demo' });
  const world = await setUp.around(async () => openDemoWorld(await openPublisher(options)));
  try {
    const right: boolean[] = [];
    for (const [index, one] of DEMO_CASES.entries()) {
      process.stdout.write(`${index + 1}. ${one.title}\n\n`);
      const progress = liveProgress({ title: one.name });
      const runOptions = {
        ...options,
        registry: world.registry,
        gitMirror: [world.gitMirror],
        timeout: TIMEOUT_S,
      };
      const tools = await openTools(runOptions, progress);
      const document = await progress.around(() =>
        verify(
          {
            spec: `${one.name}@1.0.0`,
            sourceOverride: null,
            mirrors: runOptions.gitMirror,
            cacheDir: options.cacheDir,
            limits: tools.limits,
            timeoutMs: TIMEOUT_S * 1000,
          },
          tools,
        ),
      );
      process.stdout.write(`${renderText(reportOf(document), terminal())}\n`);
      right.push(document.verdict === one.expected);
    }
    const count = right.filter(Boolean).length;
    process.stdout.write(`${count} of ${right.length} verdicts are as they should be.\n`);
    return count === right.length ? 0 : 4;
  } finally {
    await world.close();
  }
}
