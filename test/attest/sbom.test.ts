import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { describe, expect, it } from 'vitest';
import { canonicalSha256 } from '../../src/attest/canonical.ts';
import { readPredicate } from '../../src/attest/predicates.ts';
import { sbomStatement } from '../../src/attest/sbom.ts';
import { CYCLONEDX_TYPE, STATEMENT_TYPE } from '../../src/attest/type-uris.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { DOCUMENTS, OCCASION, provenanceOf } from '../support/attestations.ts';

const { reproduced, diverged, unverifiable } = DOCUMENTS;
const [material] = reproduced.materials;

/** Materials of every kind, with licences as packages state them. */
const VARIED: ResultDocument = {
  ...reproduced,
  materials: [
    ...reproduced.materials,
    { ...material, name: '@s/x', uri: 'pkg:npm/%40s/x@1.0.0', license: '(MIT OR Apache-2.0)' },
    { ...material, name: 'words', uri: 'pkg:npm/words@1.0.0', license: 'SEE LICENSE IN LICENSE.md' },
    {
      ...material,
      name: 'https://git.example/o/r',
      version: 'e'.repeat(40),
      uri: `git+https://git.example/o/r@${'e'.repeat(40)}`,
      license: null,
    },
  ].map((one) => ({ ...(one as ResultDocument['materials'][number]) })),
};

function bomOf(document: ResultDocument) {
  const statement = sbomStatement(document, OCCASION);
  if (statement === null) throw new Error('There is a rebuild.');
  return statement.predicate;
}

describe('the bill of materials of a rebuild', () => {
  it.each([
    ['a reproduced file', reproduced],
    ['one that diverged', diverged],
    ['one with dependencies of every kind', VARIED],
  ])('of %s is what CycloneDX 1.6 wants, strictly', async (_, document) => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
    expect(await validator.validate(JSON.stringify(bomOf(document)))).toBeNull();
    expect(await validator.validate(JSON.stringify({ ...bomOf(document), more: 1 }))).not.toBeNull();
  });

  it('names every fetched file by purl, digest and licence', () => {
    const { components } = bomOf(VARIED);
    expect(components.map(({ purl }) => purl)).toEqual(
      VARIED.materials.map(({ uri }) => (uri.startsWith('pkg:') ? uri : undefined)),
    );
    expect(components.map(({ hashes }) => hashes)).toEqual(
      VARIED.materials.map(({ sha512 }) => [{ alg: 'SHA-512', content: sha512 }]),
    );
    expect(components.map(({ licenses }) => licenses?.[0])).toEqual([
      { expression: 'MIT', acknowledgement: 'declared' },
      undefined,
      { expression: 'MIT', acknowledgement: 'declared' },
      { expression: '(MIT OR Apache-2.0)', acknowledgement: 'declared' },
      { license: { name: 'SEE LICENSE IN LICENSE.md', acknowledgement: 'declared' } },
      undefined,
    ]);
    expect(components[3]).toMatchObject({ group: '@s', name: 'x' });
    expect(components[5]?.externalReferences?.[0]?.url).toMatch(/^git\+https:/);
  });

  it('tells the commit as pedigree, and the plan step by step', () => {
    const { metadata, formulation } = bomOf(reproduced);
    const { source, plan } = reproduced;
    expect(metadata).toMatchObject({ component: { pedigree: { commits: [{ uid: source?.commit }] } } });
    expect(formulation).toMatchObject([
      { workflows: [{ steps: plan?.steps.map(({ name }) => ({ name })), outputs: [{ type: 'artifact' }] }] },
    ]);
  });

  it('bears the purl of the published version only when it is that file', () => {
    expect(bomOf(reproduced).metadata).toMatchObject({ component: { purl: reproduced.subject.purl } });
    expect(bomOf(diverged).metadata).not.toMatchObject({ component: { purl: expect.anything() as unknown } });
  });

  it('is named in the provenance by its digest', () => {
    const { predicate } = provenanceOf(reproduced) as {
      predicate: { runDetails: { byproducts: readonly { name: string; digest: object }[] } };
    };
    expect(predicate.runDetails.byproducts).toContainEqual({
      name: 'sbom',
      digest: { sha256: canonicalSha256(bomOf(reproduced)) },
    });
  });

  it('is not stated of what was never built', () => {
    expect(sbomStatement(unverifiable, OCCASION)).toBeNull();
  });
});

describe('a signed bill of materials', () => {
  const readBom = (predicate: object) =>
    readPredicate({ _type: STATEMENT_TYPE, subject: [], predicateType: CYCLONEDX_TYPE, predicate });

  it('is read for its maker and its time, whoever made it', () => {
    const own = readBom(bomOf(reproduced));
    expect(own).toMatchObject({ ok: true, facts: { maker: 'reprove', time: OCCASION.finishedOn } });
    const other = readBom({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    expect(other).toMatchObject({ ok: true, facts: { time: null, verdict: null } });
  });

  it.each([{}, { bomFormat: 'SPDX', specVersion: '1.6' }, { bomFormat: 'CycloneDX', specVersion: '2.0' }])(
    '%o is none',
    (predicate) => {
      expect(readBom(predicate)).toMatchObject({ ok: false });
    },
  );
});
