/** npm's own packages that come without types: only what is used here. */

declare module '@npmcli/config' {
  interface ConfigOptions {
    readonly npmPath: string;
    readonly definitions: unknown;
    readonly shorthands: unknown;
    readonly flatten: unknown;
    readonly nerfDarts: unknown;
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly warn: boolean;
  }

  export default class Config {
    constructor(options: ConfigOptions);
    load(): Promise<void>;
    get flat(): unknown;
  }
}

declare module '@npmcli/config/lib/definitions/index.js' {
  const definitions: {
    readonly definitions: { readonly registry: { readonly default: string } };
    readonly shorthands: unknown;
    readonly flatten: unknown;
    readonly nerfDarts: unknown;
  };
  export default definitions;
}

declare module 'npm-pick-manifest' {
  interface PickOptions {
    readonly defaultTag?: string;
    readonly before?: Date | null;
    readonly nodeVersion?: string;
  }

  /** Throws an error with code ETARGET, ENOVERSIONS or E403 when nothing matches. */
  export default function pickManifest(
    packument: Readonly<Record<string, unknown>>,
    wanted: string,
    options?: PickOptions,
  ): { readonly version: string };
}
