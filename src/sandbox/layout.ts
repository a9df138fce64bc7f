import { fileURLToPath } from 'node:url';
import { LAYOUT } from './engine.ts';

/** User and group of every step. */
export const BUILDER_ID = 10001;
/** User of the process that keeps a container alive: another one, so that no step can signal it. */
export const KEEPER_ID = 10002;

/** The environment of every step; a step's own variables are added and win. Nothing else is in it. */
export const BASE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: LAYOUT.home,
  TMPDIR: LAYOUT.temporary,
  TZ: 'UTC',
  LANG: 'C.UTF-8',
};

/** Where the forwarder of fetch steps is to be mounted. */
export const FORWARDER_TARGET = '/opt/forwarder/forward.js';
/** The forwarder's file on the host; plain ES5, so that every Node since 0.12 can run it. */
export const FORWARDER_FILE: string = fileURLToPath(new URL('./forwarder.cjs', import.meta.url));
/** The address inside a fetch step at which the registry answers. */
export const REGISTRY_URL = 'http://127.0.0.1:4873/';
