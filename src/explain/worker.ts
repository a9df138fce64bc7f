import { parentPort } from 'node:worker_threads';
import { explain, type ExplainRequest } from './explain.ts';
import { explainJson, isJsonName } from './json.ts';

// Reads what may be hostile, beside the process that judges: it can be stopped when it does not end.
parentPort?.on('message', (request: ExplainRequest) => {
  const { path, published, rebuilt } = request;
  const data = isJsonName(path) && rebuilt !== null ? explainJson(published, rebuilt) : null;
  parentPort?.postMessage(data === null ? explain(request) : { data });
});
