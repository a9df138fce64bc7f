/** What an entry of an archive can do, the most dangerous first. */
export const ENTRY_ROLES = [
  'runs-on-install',
  'runs-on-import',
  'executable',
  'code',
  'data',
  'read-by-people',
] as const;
export type EntryRole = (typeof ENTRY_ROLES)[number];

/**
 * Extensions of files that some interpreter, loader or compiler runs. TypeScript is here because Node, Bun and Deno run
 * it; HTML and SVG because browsers run the scripts in them; sources of native add-ons because an install compiles them.
 */
const CODE = new Set(
  (
    'js cjs mjs jsx es6 ts cts mts tsx coffee ls vue svelte astro mdx node wasm wat gyp gypi html htm xhtml svg ' +
    'sh bash zsh fish ksh csh command bat cmd ps1 psm1 psd1 vbs vbe wsf wsh hta scpt applescript ' +
    'py pyc pyw pth rb pl pm php lua tcl r awk java kt groovy scala jar war class swf ' +
    'c cc cpp cxx h hh hpp m mm s asm rs go zig cs fs swift ' +
    'exe dll so dylib sys com scr msi bin elf appimage deb rpm dmg pkg apk app lnk url desktop service plist reg ' +
    'mk cmake gradle ejs pug hbs handlebars mustache njk liquid'
  ).split(' '),
);

/** Extensions of texts that no loader runs by itself. */
const PROSE = new Set('md markdown txt rst adoc asciidoc org'.split(' '));
const PROSE_NAMES =
  /^(readme|changelog|changes|history|licen[cs]e|notice|authors|contributors|copying|security|code_of_conduct|contributing|funding|patents|todo)([.-][a-z0-9.-]*)?$/i;
/** Texts with which editors, assistants and linters are configured, when they lie in a dotted folder or file. */
const SETTINGS = new Set('json jsonc json5 jsonl ndjson yml yaml toml ini cfg conf lock log'.split(' '));
const BUILD_FILES =
  /^(makefile|gnumakefile|dockerfile|rakefile|gemfile|cmakelists\.txt|wscript|sconstruct)$/i;
const DECLARATIONS = /\.d(\.[a-z0-9]+)?\.[cm]?ts$/i;
const SOURCE_MAP = /\.map$/i;

/** What a file can do by its name alone; what a manifest says about it is for the ecosystem to add. */
export function roleOfName(path: string): EntryRole {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const extension = extensionOf(base);
  if (DECLARATIONS.test(base) || SOURCE_MAP.test(base)) return 'read-by-people';
  if (CODE.has(extension) || BUILD_FILES.test(base)) return 'code';
  if (PROSE.has(extension)) return 'read-by-people';
  if (PROSE_NAMES.test(base)) return 'read-by-people';
  if (isDotted(path) && SETTINGS.has(extension)) return 'read-by-people';
  return 'data';
}

/** What a file can do, whatever it is called: its first bytes are what an operating system or a loader goes by. */
export function roleOfContent(content: Uint8Array): EntryRole | null {
  if (content[0] === 0x23 && content[1] === 0x21) return 'code';
  return startsAsProgram(content) ? 'code' : null;
}

/** Whether a file is machine code (or WebAssembly, or Java's) by its first bytes, and no text that begins like it. */
export function isNativeProgram(content: Uint8Array): boolean {
  return startsAsProgram(content) && content.subarray(0, 64).includes(0);
}

function startsAsProgram(content: Uint8Array): boolean {
  return MAGIC.some((magic) => magic.every((byte, index) => content[index] === byte));
}

const MAGIC: readonly (readonly number[])[] = [
  [0x7f, 0x45, 0x4c, 0x46], // ELF
  [0x4d, 0x5a], // MZ: DOS, Windows
  [0xfe, 0xed, 0xfa, 0xce], // Mach-O, 32 bit, big endian
  [0xfe, 0xed, 0xfa, 0xcf], // Mach-O, 64 bit, big endian
  [0xce, 0xfa, 0xed, 0xfe], // Mach-O, 32 bit
  [0xcf, 0xfa, 0xed, 0xfe], // Mach-O, 64 bit
  [0xca, 0xfe, 0xba, 0xbe], // Mach-O for several processors, Java class
  [0x00, 0x61, 0x73, 0x6d], // WebAssembly
];

/** The more dangerous of some roles; `data` when there is none. */
export function strongestRole(...roles: readonly (EntryRole | null | undefined)[]): EntryRole {
  return ENTRY_ROLES.find((role) => roles.includes(role)) ?? 'data';
}

/** Whether any component of a path starts with a dot. */
function isDotted(path: string): boolean {
  return path.split('/').some((part) => part.startsWith('.'));
}

/** Lowercase, without trailing dots and spaces, which Windows drops. */
function extensionOf(base: string): string {
  const name = base.toLowerCase().replace(/[. ]+$/, '');
  const dot = name.lastIndexOf('.');
  return dot === -1 ? '' : name.slice(dot + 1);
}
