import { diffArrays } from 'diff';
import { listOf, nearestLists, type Script, type SyntaxNode } from './syntax.ts';

/** One place where two scripts differ. */
export interface Change {
  readonly kind: 'added' | 'removed' | 'changed';
  /** Null for `removed`. */
  readonly published: Part | null;
  /** Null for `added`. */
  readonly rebuilt: Part | null;
}

/** A statement, a property or a member; the lists within it may be told on their own. */
export interface Part {
  readonly node: SyntaxNode;
  /** Whether what stands in the lists below counts as well. */
  readonly whole: boolean;
}

/** More are not looked for: then it is another program. */
const MOST_CHANGES = 500;
const MOST_EDITS = 400;

/**
 * What a change does, short and without the names and values of its place, so that the same one elsewhere reads the same:
 * the tokens that go and those that come.
 */
export function editOf({ published, rebuilt }: Change, ours: Script, theirs: Script): string {
  const come = published === null ? [] : abstractTokens(published, ours);
  const go = rebuilt === null ? [] : abstractTokens(rebuilt, theirs);
  let start = 0;
  while (start < come.length && start < go.length && come[start] === go[start]) start += 1;
  let end = 0;
  const most = Math.min(come.length, go.length) - start;
  while (end < most && come.at(-1 - end) === go.at(-1 - end)) end += 1;
  const shown = (tokens: readonly string[]) => {
    const middle = tokens.slice(start, tokens.length - end);
    return `${middle.slice(0, MOST_EDIT_TOKENS).join(' ')}${middle.length > MOST_EDIT_TOKENS ? ' ...' : ''}`;
  };
  return `${shown(go) || 'nothing'} -> ${shown(come) || 'nothing'}`;
}

const MOST_EDIT_TOKENS = 12;
const MOST_READ_TOKENS = 5_000;

function abstractTokens({ node }: Part, script: Script): readonly string[] {
  return tokensBetween(script, node.start, node.end)
    .slice(0, MOST_READ_TOKENS)
    .map((token) => {
      if (/^["'`]/.test(token)) return "''";
      if (/^[\d.]*\d/.test(token)) return '0';
      return /^[\w$]+$/.test(token) && !KEYWORD.test(token) ? 'x' : token;
    });
}

/** ECMAScript's, as far as tools put one in the place of another. */
const KEYWORD =
  /^(?:async|await|break|case|catch|class|const|continue|default|delete|do|else|export|extends|finally|for|function|if|import|in|instanceof|let|new|null|return|super|switch|this|throw|try|typeof|undefined|var|void|while|yield|true|false)$/;

/** The smallest statements, properties and members that differ, in the order of the published text. Pure. */
export function changesBetween(published: Script, rebuilt: Script): readonly Change[] {
  const changes: Change[] = [];
  const pairs: [SyntaxNode, SyntaxNode][] = [[published.program, rebuilt.program]];
  const texts = { ours: textsOf(published), theirs: textsOf(rebuilt) };
  for (let pair = pairs.pop(); pair !== undefined && changes.length < MOST_CHANGES; pair = pairs.pop()) {
    const [ours, theirs] = [nearestLists(pair[0]), nearestLists(pair[1])];
    const isAlike = ours.length === theirs.length && ours.length > 0;
    if (!isAlike || texts.ours.shell(pair[0], ours) !== texts.theirs.shell(pair[1], theirs)) {
      changes.push(changeOf(pair, !isAlike));
    }
    if (!isAlike) continue;
    for (const [index, list] of ours.entries()) {
      const other = theirs[index];
      if (other === undefined || texts.ours.whole(list) === texts.theirs.whole(other)) continue;
      const { matched, unmatched } = aligned({ ours: list, theirs: other, texts });
      pairs.push(...matched);
      changes.push(...unmatched);
    }
  }
  return changes.toSorted((a, b) => placeOf(a) - placeOf(b));
}

function changeOf([ours, theirs]: readonly [SyntaxNode, SyntaxNode], whole: boolean): Change {
  return { kind: 'changed', published: { node: ours, whole }, rebuilt: { node: theirs, whole } };
}

function placeOf({ published, rebuilt }: Change): number {
  return (published ?? rebuilt)?.node.start ?? 0;
}

interface Texts {
  /** The tokens of a node. */
  whole(node: SyntaxNode): string;
  /** The tokens of a node but for those in lists. */
  shell(node: SyntaxNode, lists: readonly SyntaxNode[]): string;
}

function textsOf(script: Script): Texts {
  const between = (start: number, end: number) => tokensBetween(script, start, end);
  return {
    whole: ({ start, end }) => between(start, end).join(' '),
    shell: (node, lists) => {
      let start = node.start;
      const parts = lists.map((list) => {
        const before = between(start, list.start);
        start = list.end;
        return before.join(' ');
      });
      return [...parts, between(start, node.end).join(' ')].join('\n');
    },
  };
}

/** The tokens that lie within a range. */
function tokensBetween({ tokens }: Script, start: number, end: number): readonly string[] {
  let [low, high] = [0, tokens.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((tokens[middle]?.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  let to = low;
  while (to < tokens.length && (tokens[to]?.end ?? 0) <= end) to += 1;
  return tokens.slice(low, to).map(({ text }) => text);
}

interface Lists {
  readonly ours: SyntaxNode;
  readonly theirs: SyntaxNode;
  readonly texts: { readonly ours: Texts; readonly theirs: Texts };
}

/** Pairs what differs in two lists one by one; what is left over was added or removed. */
function aligned({ ours, theirs, texts }: Lists): {
  readonly matched: readonly [SyntaxNode, SyntaxNode][];
  readonly unmatched: readonly Change[];
} {
  const [ourNodes, theirNodes] = [listOf(ours) ?? [], listOf(theirs) ?? []];
  const ourTexts = ourNodes.map((node) => texts.ours.whole(node));
  const theirTexts = theirNodes.map((node) => texts.theirs.whole(node));
  const parts = diffArrays(theirTexts, ourTexts, { maxEditLength: MOST_EDITS }) ?? [
    { removed: true, added: false, count: theirTexts.length, value: [] },
    { removed: false, added: true, count: ourTexts.length, value: [] },
  ];
  const matched: [SyntaxNode, SyntaxNode][] = [];
  const unmatched: Change[] = [];
  let gone: SyntaxNode[] = [];
  let come: SyntaxNode[] = [];
  const settle = () => {
    const { pairs, added, removed } = paired(come, gone, texts);
    matched.push(...pairs);
    unmatched.push(...added.map((node) => addedOf(node)), ...removed.map((node) => removedOf(node)));
    [gone, come] = [[], []];
  };
  let [at, other] = [0, 0];
  for (const { removed, added, count } of parts) {
    if (removed) gone.push(...theirNodes.slice(other, other + count));
    else if (added) come.push(...ourNodes.slice(at, at + count));
    else settle();
    if (!removed) at += count;
    if (!added) other += count;
  }
  settle();
  return { matched, unmatched };
}

/** Pairs what looks like the same statement on both sides of a run of differences. */
function paired(come: readonly SyntaxNode[], gone: readonly SyntaxNode[], texts: Lists['texts']) {
  const left = [...come];
  const pairs: [SyntaxNode, SyntaxNode][] = [];
  const removed = gone.filter((node) => {
    const text = texts.theirs.whole(node);
    const scores = left
      .slice(0, MOST_COMPARED)
      .map((one) => (one.type === node.type ? likeness(texts.ours.whole(one), text) : 0));
    const best = Math.max(0, ...scores);
    if (best < LEAST_LIKENESS) return true;
    pairs.push(...left.splice(scores.indexOf(best), 1).map((one): [SyntaxNode, SyntaxNode] => [one, node]));
    return false;
  });
  return { pairs, added: left, removed };
}

/** Below, two statements have little more in common than their punctuation. */
const LEAST_LIKENESS = 0.5;
const MOST_COMPARED = 30;
const MOST_TOKENS = 2_000;

/** The share of tokens that two texts have in common (Dice's coefficient), 0 to 1. */
function likeness(one: string, other: string): number {
  const [ours, theirs] = [one, other].map((text) => text.split(' ', MOST_TOKENS));
  const counts = new Map<string, number>();
  for (const token of theirs ?? []) counts.set(token, (counts.get(token) ?? 0) + 1);
  const common = (ours ?? []).filter((token) => {
    const count = counts.get(token) ?? 0;
    counts.set(token, count - 1);
    return count > 0;
  });
  return (2 * common.length) / ((ours?.length ?? 0) + (theirs?.length ?? 0));
}

function addedOf(node: SyntaxNode): Change {
  return { kind: 'added', published: { node, whole: true }, rebuilt: null };
}

function removedOf(node: SyntaxNode): Change {
  return { kind: 'removed', published: null, rebuilt: { node, whole: true } };
}
