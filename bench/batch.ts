/**
 * What batches cost.
 *
 *     node bench/batch.ts [--results 100000] [--packages 40] [--rounds 2] [--cli src/cli/main.ts]
 *
 * The first table is what `reprove report` takes over so many results; 0 leaves it out. The second is the rate of one worker and of
 * two on so many package versions without a build; 0 leaves it out. Never fails for a time.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchReport } from './batch/report.ts';
import { benchWorkers } from './batch/workers.ts';

const { values } = parseArgs({
  options: {
    results: { type: 'string', default: '100000' },
    packages: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '2' },
    cli: { type: 'string', default: join(import.meta.dirname, '../src/cli/main.ts') },
  },
});

const { cli } = values;
if (values.results !== '0') await benchReport(Number(values.results), cli);
if (values.packages !== '0')
  await benchWorkers({ packages: Number(values.packages), rounds: Number(values.rounds), cli });
