/** npm's own reader of registries, which comes without types: only what tests ask of it. */
declare module 'pacote' {
  interface PacoteOptions {
    readonly registry: string;
    readonly cache: string;
    readonly tufCache: string;
    readonly verifyAttestations: boolean;
  }

  const pacote: {
    manifest(
      spec: string,
      options: PacoteOptions,
    ): Promise<{ readonly _attestationBundles?: readonly unknown[] }>;
  };
  export default pacote;
}
