import { fileURLToPath } from 'node:url';

/** The folder of programs that run inside the sandbox; plain ES5, so that every Node since 0.12 can run them. */
export const INSIDE_DIRECTORY: string = fileURLToPath(new URL('./inside', import.meta.url));
/** Where that folder is to be mounted. */
export const INSIDE_TARGET = '/opt/inside';
