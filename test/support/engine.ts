import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START = new URL('../../scripts/start-docker', import.meta.url).pathname;

/** A Docker daemon of the test's own. */
export interface TestEngine {
  readonly socket: string;
  /** Kills it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
  /** Ends it. */
  remove(): Promise<void>;
}

/** Starts a daemon with everything it has below a folder. Needs root, as every daemon does. */
export async function startEngine(folder: string): Promise<TestEngine> {
  const prefix = path.join(folder, 'engine');
  const socket = path.join(prefix, 'run', 'docker.sock');
  const pidFile = path.join(prefix, 'run', 'docker.pid');
  const start = () => {
    execFileSync(START, [socket, prefix, String(process.getgid?.() ?? 0)], { stdio: 'ignore' });
    return Promise.resolve();
  };
  const end = async (signal: NodeJS.Signals) => {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(pid, signal);
    while (existsSync(`/proc/${pid}`)) await sleep(50);
  };
  await start();
  return { socket, start, kill: () => end('SIGKILL'), remove: () => end('SIGTERM') };
}
