import { expect, it } from 'vitest';
import { attemptSignals } from '../src/attempt-signals.ts';
import type { Rebuild } from '../src/rebuild.ts';
import { publishedOf, sourceOf } from './support/artifacts.ts';
import { npmTarball } from './support/tarball.ts';

const published = publishedOf(npmTarball({ 'package.json': '{"name":"pkg"}' }), '1.0.0');

function kindsOf(repairs: readonly string[], standIns: readonly string[]): readonly string[] {
  const rebuild = { repairs, standIns, materials: [], skipped: [] } as unknown as Rebuild;
  const signals = attemptSignals({ published, rebuild, source: sourceOf({}) });
  return signals.map(({ kind, severity }) => `${kind} ${severity}`);
}

it('what stands in for versions of a lockfile is told, apart from what the times hide', () => {
  const base = kindsOf([], []);
  expect(kindsOf(['a', 'b'], ['b'])).toEqual([
    ...base,
    'registry-history-repaired info',
    'lockfile-stand-ins medium',
  ]);
  expect(kindsOf(['b'], ['b'])).toEqual([...base, 'lockfile-stand-ins medium']);
  expect(kindsOf(['a'], [])).toEqual([...base, 'registry-history-repaired info']);
});
