import { parentPort } from 'node:worker_threads';
import { explain, type ExplainRequest } from './explain.ts';

// Reads what may be hostile, beside the process that judges: it can be stopped when it does not end.
parentPort?.on('message', (request: ExplainRequest) => {
  parentPort?.postMessage(explain(request));
});
