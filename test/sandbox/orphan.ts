/** Opens a sandbox, runs a step that never ends, and is killed by the test: `node orphan.ts ENGINE SOURCE SECONDS`. */
import type { EngineName } from '../../src/sandbox/engine.ts';
import { openOn } from './harness.ts';

const [name, sourceArchive = '', seconds = ''] = process.argv.slice(2);
const box = await openOn(name as EngineName, { sourceArchive });
await box.sh(`sleep ${seconds}`);
