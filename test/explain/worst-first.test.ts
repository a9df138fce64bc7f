import { expect, test } from 'vitest';
import { explainAll } from '../../src/explain/explain-all.ts';
import { worstFirst } from '../../src/explain/worst-first.ts';
import { judged, packed, entriesOf } from '../support/judged.ts';

test('attack: a statement behind thirty harmless changes is read all the same', async () => {
  const declarations = (name: string) =>
    Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`a/${index}.d.ts`, `export type ${name} = ${index};\n`]),
    );
  const manifest = { 'package.json': '{"name":"a","version":"1.0.0","main":"z.js"}' };
  const honest = { ...manifest, ...declarations('Old'), 'z.js': 'f();\n' };
  const attacked = { ...manifest, ...declarations('New'), 'z.js': "f();\nfetch('/');\n" };
  const result = judged(honest, packed(entriesOf(honest)), packed(entriesOf(attacked)));
  const { differences } = result?.comparison ?? { differences: [] };
  expect((await explainAll(differences)).has('z.js')).toBe(false);
  const read = await explainAll(worstFirst(differences, result?.judgement.findings ?? []));
  expect(read.get('z.js')).toMatchObject({ capabilities: [{ kind: 'network' }] });
});
