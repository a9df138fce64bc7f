/** Draws docs/demo.svg from a real run: `node scripts/picture.ts` makes the picture of the README anew. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from '../src/process.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CASE = 3;
const FONT_PX = 13;
const LINE_PX = 18;
const CHARACTER_PX = 7.83;
const COLORS: Readonly<Record<string, string>> = {
  '1': 'font-weight="bold"',
  '2': 'fill="#8b949e"',
  '31': 'fill="#ff7b72"',
  '32': 'fill="#7ee787"',
  '33': 'fill="#e3b341"',
  '35': 'fill="#d2a8ff"',
  '36': 'fill="#79c0ff"',
};

const demo = await run({
  file: process.execPath,
  args: ['src/cli/main.ts', 'demo'],
  cwd: ROOT,
  inheritEnv: true,
  env: { FORCE_COLOR: '1' },
});
if (demo.exitCode !== 0) throw new Error(Buffer.from(demo.stderr).toString());
const cases = Buffer.from(demo.stdout)
  .toString()
  .split(/^(?=\d\. )/m);
const lines = [
  '$ reprove verify @reprove-demo/injected',
  ...(cases[CASE - 1] ?? '').trimEnd().split('\n').slice(2),
];
const plain = lines.map((line) => line.replaceAll(/\u001b\[\d+m/g, ''));
const width = Math.ceil(Math.max(...plain.map((line) => line.length)) * CHARACTER_PX) + 32;
const height = lines.length * LINE_PX + 32;
const rows = lines.map((line, index) => `<text x="16" y="${32 + index * LINE_PX}">${spans(line)}</text>`);
writeFileSync(
  `${ROOT}/docs/demo.svg`,
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="reprove finds a line that was slipped into a bundle">
<style>text { white-space: pre }</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${FONT_PX}" fill="#e6edf3">
${rows.join('\n')}
</g>
</svg>
`,
);

/** One terminal line as tspans; a style lasts until the code that ends it. */
function spans(line: string): string {
  const active = new Set<string>();
  return line
    .split(/(\u001b\[\d+m)/)
    .map((part) => {
      const code = /^\u001b\[(\d+)m$/.exec(part)?.[1];
      if (code === undefined)
        return part === '' ? '' : `<tspan ${[...active].join(' ')}>${escaped(part)}</tspan>`;
      const style = COLORS[code];
      if (style !== undefined) active.add(style);
      else if (code === '22') remove(active, 'font-weight', '#8b949e');
      else if (code === '39') remove(active, 'fill');
      return '';
    })
    .join('');
}

function remove(active: Set<string>, ...words: readonly string[]): void {
  for (const one of active) if (words.some((word) => one.includes(word))) active.delete(one);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
