import { ReproveError } from '../errors.ts';
import { ENGINE_NAMES, type Engine, type EngineName } from './engine.ts';

/** Loaded when asked for: the client of Docker alone takes as long to load as a small package takes to pack. */
const ENGINES = {
  docker: async () => (await import('./docker.ts')).containerEngine('docker'),
  podman: async () => (await import('./docker.ts')).containerEngine('podman'),
  bwrap: async () => (await import('./bwrap.ts')).bwrapEngine,
} as const satisfies Record<EngineName, () => Promise<Engine>>;

const INSTALL = {
  docker: 'apt-get install docker.io',
  podman: 'apt-get install podman, then podman system service --time 0 &',
  bwrap: 'apt-get install bubblewrap',
} as const satisfies Record<EngineName, string>;

/** The engine of a name, whether or not it works here. */
export async function engineNamed(name: EngineName): Promise<Engine> {
  return ENGINES[name]();
}

/**
 * The engine to use: the requested one, or for `auto` the first of docker, podman and bwrap that works on this machine.
 * Throws ReproveError `no-engine`, which says for each engine why not and what to install.
 */
export async function selectEngine(options: { readonly requested: EngineName | 'auto' }): Promise<Engine> {
  const { requested } = options;
  const names = requested === 'auto' ? ENGINE_NAMES : [requested];
  const reasons: string[] = [];
  for (const name of names) {
    const engine = await engineNamed(name);
    const reason = await engine.unavailable();
    if (reason === null) return engine;
    reasons.push(`${name}: ${reason}`);
  }
  throw new ReproveError('no-engine', {
    what:
      requested === 'auto'
        ? 'No sandbox engine works on this machine.'
        : `The sandbox engine ${requested} does not work here.`,
    why: reasons.join(' '),
    next: `Install one of: ${names.map((name) => INSTALL[name]).join('; ')}. bubblewrap is the quickest: it needs no daemon and no root.`,
  });
}
