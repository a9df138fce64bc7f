/** A dependency, and a build whose output shows what was installed of it. */
import { createHash } from 'node:crypto';
import type { TestWorld } from './world.ts';

/** Writes `dist/out.js` with what `leaf` exports. */
export const LEAF_BUILD =
  "const fs = require('fs'); fs.mkdirSync('dist'); fs.writeFileSync('dist/out.js', `module.exports = ${require('leaf')};\\n`);\n";

/** Publishes `leaf` 1.0.0, which exports 42; gives its Subresource Integrity. */
export function publishLeaf(world: TestWorld): string {
  const bytes = world.publish('leaf', { 'index.js': 'module.exports = 6 * 7;\n' });
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
}
