import type { Command } from 'commander';
import { repeated, resolved, url } from './options.ts';

/** Who is told of what got worse. */
export interface NotifyOptions {
  readonly notifyUrl: readonly string[];
  readonly notifySecretFile?: string;
  readonly notifyFile?: string;
}

/** Adds who is told. */
export function addNotifyOptions(command: Command): Command {
  return command
    .option(
      '--notify-url <url>',
      'post what got worse to this address, signed (see docs/notifications.md); repeatable',
      (value: string, previous: readonly string[]) => repeated(url(value), previous),
      [],
    )
    .option(
      '--notify-secret-file <file>',
      'sign what is posted with this secret, whsec_... (default: env REPROVE_NOTIFY_SECRET)',
      resolved,
    )
    .option('--notify-file <file>', 'add what got worse to this file, a line of JSON each', resolved);
}
