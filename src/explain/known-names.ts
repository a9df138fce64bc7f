/** What code can do beyond computing, what is worst to find added first. */
export const CAPABILITIES = {
  network: 'talks to the network',
  processes: 'starts other programs',
  installs: 'publishes packages or deals in install scripts',
  credentials: 'names files or variables that hold credentials',
  wallets: 'touches crypto wallets or names a wallet address',
  'dynamic-code': 'runs code that it makes or loads by a computed name',
  files: 'reads or writes files',
  environment: 'reads the environment or who runs it',
  clipboard: 'touches the clipboard',
  'browser-data': 'reads cookies, storage or input of web pages',
  'encoded-text': 'holds long encoded text',
  obfuscation: 'is written to be unreadable',
} as const satisfies Record<string, string>;

export type CapabilityKind = keyof typeof CAPABILITIES;

function kinds(kind: CapabilityKind, names: string): Readonly<Record<string, CapabilityKind>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

/** Node's own modules (nodejs.org/api), and what people install for the same. */
export const MODULES: Readonly<Record<string, CapabilityKind>> = {
  ...kinds('network', 'http https http2 net tls dgram dns dns/promises inspector'),
  ...kinds(
    'network',
    'axios node-fetch undici got request ws socket.io-client superagent nodemailer discord.js',
  ),
  ...kinds('files', 'fs fs/promises fs-extra graceful-fs'),
  ...kinds('processes', 'child_process cluster worker_threads execa cross-spawn shelljs'),
  ...kinds('environment', 'os process'),
  ...kinds('dynamic-code', 'vm module repl v8 wasi'),
  ...kinds('clipboard', 'clipboardy'),
};

/** Globals that matter when they are called or constructed. */
export const CALLED: Readonly<Record<string, CapabilityKind>> = {
  ...kinds('network', 'fetch XMLHttpRequest WebSocket EventSource RTCPeerConnection importScripts'),
  ...kinds('dynamic-code', 'eval Function Worker SharedWorker'),
};
/** Members, as `object.property`. */
export const MEMBERS: Readonly<Record<string, CapabilityKind>> = {
  ...kinds('environment', 'process.env process.argv Deno.env Bun.env'),
  ...kinds('dynamic-code', 'process.binding process.dlopen process.getBuiltinModule process.mainModule'),
  ...kinds(
    'dynamic-code',
    'module.constructor module.require globalThis.eval window.eval global.eval self.eval',
  ),
  ...kinds('dynamic-code', 'WebAssembly.instantiate WebAssembly.compile WebAssembly.Module'),
  ...kinds('processes', 'Deno.Command Deno.run Bun.spawn Bun.spawnSync Bun.$'),
  ...kinds('files', 'Deno.readTextFile Deno.readFile Deno.writeTextFile Deno.writeFile Bun.file Bun.write'),
  ...kinds('clipboard', 'navigator.clipboard'),
  ...kinds('network', 'navigator.sendBeacon globalThis.fetch window.fetch self.fetch'),
  ...kinds('wallets', 'window.ethereum globalThis.ethereum window.solana globalThis.solana window.tronWeb'),
  ...kinds('browser-data', 'document.cookie document.forms window.localStorage window.sessionStorage'),
};
export const TEXTS: readonly (readonly [CapabilityKind, RegExp])[] = [
  ['network', /\b(?:https?|wss?|ftp):\/\/[^\s"'`<>\\]{3,200}/],
  ['network', /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}:\d{2,5}(?!\d)/],
  ['processes', /(?:^|[\s;&|])(?:curl|wget|powershell|bash -c|sh -c|cmd(?:\.exe)? \/c)\s/],
  [
    'installs',
    /\b(?:preinstall|postinstall)\b|\b(?:npm|pnpm|yarn|bun) publish\b|\bnpm (?:token|access|whoami)\b|\bnpm_lifecycle_\w+/,
  ],
  ['clipboard', /\b(?:pbpaste|xclip|xsel|Get-Clipboard)\b/],
  [
    'credentials',
    /\.npmrc|\.ssh\b|id_rsa|id_ed25519|\.aws\/|\.git-credentials|\.netrc|\b(?:NPM|GITHUB|GH|NODE_AUTH|CI_JOB|VAULT)_TOKEN\b|AWS_SECRET|wallet\.dat|Login Data|169\.254\.169\.254/,
  ],
  ['wallets', /\b(?:MetaMask|nkbihfbeogaeaoehlefnkodbefgpgknn|Electrum|Exodus)\b/],
  ['wallets', /\beth_(?:sendTransaction|requestAccounts|accounts)\b|\bsolana:signTransaction\b/],
  [
    'wallets',
    /(?<![0-9A-Za-z])(?:0x[0-9a-fA-F]{40}|bc1[02-9ac-hj-np-z]{38,59}|T[1-9A-HJ-NP-Za-km-z]{33})(?![0-9A-Za-z])/,
  ],
];
