import { constants } from 'node:fs';
import { access, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { ReadStream } from 'node:tty';
import { Writable } from 'node:stream';
import { messageOf, ReproveError } from '../errors.ts';
import { readSmallFile } from '../small-file.ts';

/** The variable that holds a passphrase when no file does. */
export const PASSPHRASE_VARIABLE = 'REPROVE_PASSPHRASE';
const TERMINAL = '/dev/tty';

export interface PassphraseOptions {
  /** Its first line is the passphrase. */
  readonly file: string | null;
  /** True: it is for a new key, where a slip of the finger would lose it. */
  readonly twice: boolean;
}

/**
 * The passphrase of a key: the first line of a file, else the variable REPROVE_PASSPHRASE, else what is typed.
 *
 * @throws ReproveError `usage` when there is none, or an empty one
 */
export async function passphraseFrom(options: PassphraseOptions): Promise<string> {
  const passphrase = await given(options);
  if (passphrase !== '') return passphrase;
  throw noPassphrase('It is empty.');
}

async function given({ file, twice }: PassphraseOptions): Promise<string> {
  if (file !== null) return (await readSmallFile(file, 'passphrase file')).text.replace(/\r?\n[^]*$/, '');
  const variable = process.env[PASSPHRASE_VARIABLE];
  if (variable !== undefined) return variable;
  const typed = await ask('Passphrase of the key: ');
  if (twice && (await ask('The same once more: ')) !== typed)
    throw noPassphrase('What was typed the second time is something else.');
  return typed;
}

/**
 * Says before anything is built that there will be no passphrase; it is not read yet.
 *
 * @throws ReproveError `usage`
 */
export async function checkPassphraseSource(file: string | null): Promise<void> {
  if (file !== null) {
    await access(file, constants.R_OK).catch((error: unknown) => {
      throw noPassphrase(`${messageOf(error)}.`);
    });
    return;
  }
  if (process.env[PASSPHRASE_VARIABLE] !== undefined) return;
  const terminal = await open(TERMINAL, constants.O_RDWR | constants.O_NOCTTY).catch(() => null);
  if (terminal === null) throw noPassphrase('There is no terminal to ask on.');
  await terminal.close();
}

/** Asks on the terminal itself, whatever stdin and stdout are, and shows nothing of the answer. */
async function ask(question: string): Promise<string> {
  const handle = await open(TERMINAL, constants.O_RDWR | constants.O_NOCTTY).catch(() => null);
  if (handle === null) throw noPassphrase('There is no terminal to ask on.');
  const input = new ReadStream(handle.fd);
  await handle.appendFile(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(noPassphrase('Nothing was typed.')));
    });
  } finally {
    await handle.appendFile('\n');
    lines.close();
    input.destroy();
    await handle.close();
  }
}

function noPassphrase(why: string): ReproveError {
  return new ReproveError('usage', {
    what: 'There is no passphrase for the key.',
    why,
    next: `Give it as the first line of a file with --passphrase-file, or in ${PASSPHRASE_VARIABLE}.`,
  });
}
