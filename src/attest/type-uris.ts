/*
 * Names of what reprove states, as in-toto's TypeURI wants them: compared letter by letter, never fetched. Each is a purl of
 * this package with the page that defines it as its subpath, so that whoever has the package has the definition.
 * A change of meaning is a new page with a new number; the old ones stay.
 */
const PAGES = 'pkg:npm/reprove#docs';

/** in-toto Statement, spec/v1/statement.md. */
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** The version before it, which npm's own attestations still use. */
export const STATEMENT_TYPE_V01 = 'https://in-toto.io/Statement/v0.1';
/** DSSE payload type of in-toto statements (spec/v1/envelope.md). */
export const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** SLSA provenance: the same for 1.0, 1.1 and 1.2. */
export const PROVENANCE_TYPE = 'https://slsa.dev/provenance/v1';
/** The version before it, which npm writes on GitLab. */
export const PROVENANCE_TYPE_V02 = 'https://slsa.dev/provenance/v0.2';
/** What npm's registry states when it takes a version (npm/attestation). */
export const PUBLICATION_TYPE = 'https://github.com/npm/attestation/tree/main/specs/publish/v0.1';
/** SLSA verification summary. */
export const SUMMARY_TYPE = 'https://slsa.dev/verification_summary/v1';
/** CycloneDX, as in-toto names it (spec/predicates/cyclonedx.md). */
export const CYCLONEDX_TYPE = 'https://cyclonedx.org/bom';
export const VERIFICATION_TYPE = `${PAGES}/predicates/rebuild-verification-v1.md`;
export const BUILD_TYPE = `${PAGES}/predicates/rebuild-provenance-v1.md`;

/** Who states it. A mode of operation with another security is another id (SLSA build provenance, "builder.id"). */
export const BUILDERS = {
  'command-line': `${PAGES}/builders/command-line.md`,
  workflow: `${PAGES}/builders/workflow.md`,
} as const satisfies Record<string, string>;

/** A level of ours, as a verification summary names it; those without a scope are SLSA's. */
export function levelUri(level: string): string {
  return `${PAGES}/predicates/verification-summary-v1.md:${level}`;
}
