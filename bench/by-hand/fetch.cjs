/**
 * What a person would type to get a published artifact: registry document, artifact, integrity. Plain JavaScript, so
 * that the hand does not pay for stripping types.
 * Usage: node fetch.cjs <registry with a final slash> <name> <version> <file to write>
 */
'use strict';
const { createHash } = require('node:crypto');
const { writeFileSync } = require('node:fs');

async function main([registry, name, version, file]) {
  const document = await (await fetch(registry + name.replace('/', '%2f'))).json();
  const { tarball, integrity } = document.versions[version].dist;
  // As npm does: the address that a document names stands for whichever registry is configured.
  const url = new URL(new URL(tarball).pathname.slice(1), registry);
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  const actual = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  if (actual !== integrity) throw new Error(`${integrity} expected, ${actual} served`);
  writeFileSync(file, bytes);
}

void main(process.argv.slice(2));
