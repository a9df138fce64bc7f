import { ReproveError } from '../errors.ts';
import { bwrapEngine } from './bwrap.ts';
import { containerEngine } from './docker.ts';
import { ENGINE_NAMES, type Engine, type EngineName } from './engine.ts';

const ENGINES = {
  docker: containerEngine('docker'),
  podman: containerEngine('podman'),
  bwrap: bwrapEngine,
} as const satisfies Record<EngineName, Engine>;

const INSTALL = {
  docker: 'apt-get install docker.io',
  podman: 'apt-get install podman, then podman system service --time 0 &',
  bwrap: 'apt-get install bubblewrap',
} as const satisfies Record<EngineName, string>;

/** The engine of a name, whether or not it works here. */
export function engineNamed(name: EngineName): Engine {
  return ENGINES[name];
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
    const reason = await ENGINES[name].unavailable();
    if (reason === null) return ENGINES[name];
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
