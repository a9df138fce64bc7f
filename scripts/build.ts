/**
 * Makes `dist/`, what npm publishes: the programs as few files of JavaScript, which Node loads much faster than hundreds, and the
 * files beside the sources that are read at run time. See docs/decisions/0022-bundled-programs.md.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
/** What Node is started with, each where its source lies. */
const PROGRAMS = [
  'src/cli/main',
  'src/cli/affected-worker',
  'src/cli/verify-process',
  'src/explain/worker',
  'src/signing/process',
];
/** Packages that the shortest commands load. All others are installed beside reprove. */
const BUNDLED = /^(?:canonicalize|zod|@sigstore\/(?:bundle|core|protobuf-specs|verify))(?:\/|$)/;
/** The folder of the package that a path, from ROOT on, lies in. */
const INSTALLED_PACKAGE = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

rmSync(DIST, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: ROOT,
  input: Object.fromEntries(PROGRAMS.map((name) => [name, `${name}.ts`])),
  platform: 'node',
  external: (id) => !/^[./]/.test(id) && !BUNDLED.test(id),
  plugins: [ownPlaces()],
});
const { output } = await bundle.write({
  dir: DIST,
  format: 'esm',
  chunkFileNames: 'chunks/[name]-[hash].js',
});
for (const folder of ['src', 'builders'])
  cpSync(path.join(ROOT, folder), path.join(DIST, folder), { recursive: true, filter: isReadAtRunTime });
const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
writeFileSync(path.join(DIST, 'THIRD-PARTY-LICENSES.txt'), licenses(modules));

/** A module still finds what lies beside its source, in whichever file it ends up. */
function ownPlaces(): Plugin {
  const place = (file: string) => `__placeOf(${JSON.stringify(file)})`;
  return {
    name: 'own-places',
    transform(code, id) {
      const file = path.relative(ROOT, id);
      if (INSTALLED_PACKAGE.test(file) || !code.includes('import.meta.url')) return null;
      return code.replaceAll('import.meta.url', place(file.replace(/\.ts$/, '.js')));
    },
    renderChunk(code, { fileName }) {
      return code.replaceAll(/__placeOf\("([^"]+)"\)/g, (_, file: string) => {
        const relative = path.relative(path.dirname(fileName), file);
        return `new URL(${JSON.stringify(relative)}, import.meta.url).href`;
      });
    },
  };
}

function isReadAtRunTime(file: string): boolean {
  return !file.endsWith('.ts');
}

/** The licences of the packages that were bundled: their terms ask for it. */
function licenses(files: readonly string[]): string {
  const folders = files.flatMap((file) => INSTALLED_PACKAGE.exec(path.relative(ROOT, file))?.[0] ?? []);
  const { license: own } = manifestIn(ROOT);
  const texts = [...new Set(folders)].sort().map((relative) => {
    const folder = path.join(ROOT, relative);
    const { name, version, license } = manifestIn(folder);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined && license !== own) throw new Error(`${name} has no file with its licence.`);
    const text =
      file === undefined
        ? `${license}: the text is that of LICENSE, of reprove itself.\n`
        : readFileSync(path.join(folder, file), 'utf8');
    return `${name} ${version}\n\n${text}`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

function manifestIn(folder: string): {
  readonly name: string;
  readonly version: string;
  readonly license: string;
} {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as ReturnType<typeof manifestIn>;
}
