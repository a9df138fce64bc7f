/** A word of a command line; `literal` when it means itself: no variable, substitution or pattern in it. */
export interface Word {
  readonly text: string;
  readonly literal: boolean;
}

/** What stands between two commands of a command line. */
export type Joint = ';' | '&&' | '||' | '|' | '&' | '(' | ')';

export interface Line {
  readonly words: readonly Word[];
  /** What stands before it, and after it. */
  readonly before: Joint;
  readonly after: Joint;
  /** Where its output goes (`> file`, `>> file`); null when that is not redirected. */
  readonly output: Output | null;
  /** Why it is more than words and a file to write; null when it is not. */
  readonly odd: string | null;
}

export interface Output {
  readonly file: string;
  readonly append: boolean;
}

/** Characters of one script; longer ones are generated. */
const LONGEST = 32 * 1024;

/**
 * Splits a POSIX shell text (XCU, section 2.3) into its commands, expanding nothing. Linear: each place is looked at
 * once, and a quote that is not closed ends the reading.
 */
export function commandLines(text: string): readonly Line[] {
  return text.length > LONGEST ? [] : new Lexer(text.replaceAll('\r\n', '\n')).lines();
}

const UNCLOSED = 'a quote or bracket that is not closed';

class Lexer {
  readonly #text: string;
  #at = 0;
  #lines: Line[] = [];
  #words: Word[] = [];
  #word: { text: string; literal: boolean } | null = null;
  #odd: string | null = null;
  #output: Output | null = null;
  /** Set when the next word is where output goes. */
  #appends: boolean | null = null;
  #before: Joint = ';';
  /** Delimiters of here-documents that begin after this line. */
  #here: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  lines(): readonly Line[] {
    while (this.#at < this.#text.length) this.#step();
    this.#endLine(';');
    return this.#lines;
  }

  #step(): void {
    const char = this.#text[this.#at] ?? '';
    switch (char) {
      case '\\':
        return this.#escape();
      case "'":
      case '"':
      case '`':
        return this.#quoted(char);
      case '$':
        return this.#expansion();
      case ' ':
      case '\t':
        return this.#endWord(1);
      case '\n':
        return this.#newline();
      case ';':
      case '&':
      case '|':
        return this.#operator(char);
      case '<':
      case '>':
        return this.#redirect(char);
      case '(':
      case ')':
        return this.#bracket(char);
      default:
        return this.#plain(char);
    }
  }

  /** Characters that mean something in some places only. */
  #plain(char: string): void {
    const isFirst = this.#word === null;
    if (char === '#' && isFirst) return this.#skipTo(this.#text.indexOf('\n', this.#at));
    // `[` and `[[` are commands of their own.
    const isTest = char === '[' && /^\[?(?:\s|$)/.test(this.#text.slice(this.#at + 1, this.#at + 3));
    // `build:*` is a pattern of scripts: no file that a shell would find has such a name.
    const isOfScripts = char === '*' && this.#word?.text.includes(':') === true;
    const isPattern = (char === '*' && !isOfScripts) || char === '?' || char === '[';
    const isHome = char === '~' && isFirst;
    const isBraces = char === '{' && /\S/.test(this.#text[this.#at + 1] ?? ' ');
    this.#add(char, isTest || !(isPattern || isHome || isBraces));
  }

  #add(text: string, literal: boolean, length = text.length): void {
    this.#word = { text: (this.#word?.text ?? '') + text, literal: (this.#word?.literal ?? true) && literal };
    this.#at += length;
  }

  #escape(): void {
    const next = this.#text[this.#at + 1] ?? '';
    // A line that goes on in the next one.
    if (next === '\n' || next === '') return this.#skipTo(this.#at + 2);
    this.#add(next, true, 2);
  }

  #quoted(quote: string): void {
    const end = closing(this.#text, this.#at + 1, quote);
    if (end < 0) return this.#giveUp();
    const inside = this.#text.slice(this.#at + 1, end);
    const literal = quote === "'" || (quote === '"' && !/[$`]/.test(inside));
    const said = quote === '"' ? inside.replace(/\\(["\\])/g, '$1') : inside;
    this.#add(said, literal, end + 1 - this.#at);
  }

  #expansion(): void {
    const rest = this.#text.slice(this.#at, this.#at + 3);
    if (rest === '${{') return this.#expandTo(this.#text.indexOf('}}', this.#at), 2);
    if (rest.startsWith('$(')) return this.#expandTo(balanced(this.#text, this.#at + 1), 1);
    if (rest.startsWith('${')) return this.#expandTo(this.#text.indexOf('}', this.#at), 1);
    this.#add('$', false);
  }

  #expandTo(end: number, length: number): void {
    if (end < 0) return this.#giveUp();
    this.#add(this.#text.slice(this.#at, end + length), false);
  }

  #newline(): void {
    this.#endLine(';');
    this.#at += 1;
    for (const delimiter of this.#here.splice(0)) {
      const end = new RegExp(`^\\t*${delimiter}$`, 'm').exec(this.#text.slice(this.#at));
      if (end === null) return this.#giveUp();
      this.#at += end.index + end[0].length;
    }
  }

  #operator(char: ';' | '&' | '|'): void {
    const double = this.#text[this.#at + 1] === char;
    this.#at += double ? 2 : 1;
    if (char === ';') return this.#endLine(';');
    if (char === '&') return this.#endLine(double ? '&&' : '&');
    this.#endLine(double ? '||' : '|');
  }

  #redirect(char: string): void {
    const rest = this.#text.slice(this.#at, this.#at + 80);
    const isOfDescriptor = /^\d+$/.test(this.#word?.text ?? '');
    const toFile = isOfDescriptor ? null : /^(>>?)[ \t]*(?![>&(|])/.exec(rest);
    if (toFile !== null && this.#output === null && this.#appends === null) {
      this.#endWord(0);
      this.#appends = toFile[1] === '>>';
      return this.#skipTo(this.#at + toFile[0].length);
    }
    this.#odd ??= 'a redirection';
    const here = /^<<-?[ \t]*(['"]?)([\w.-]{1,64})\1/.exec(rest);
    if (char === '<' && here?.[2] !== undefined) {
      this.#here.push(here[2].replaceAll('.', '\\.'));
      return this.#skipTo(this.#at + here[0].length);
    }
    this.#at += this.#text[this.#at + 1] === '&' ? 2 : 1;
  }

  #bracket(char: '(' | ')'): void {
    const isStart = char === '(' && this.#words.length === 0 && this.#word === null;
    if (char === '(' && !isStart) {
      this.#odd ??= 'a bracket';
      this.#at += 1;
      return;
    }
    this.#endLine(char);
    this.#at += 1;
  }

  #endWord(length: number): void {
    const word = this.#word;
    this.#word = null;
    this.#at += length;
    if (word === null) return;
    if (this.#appends === null) return void this.#words.push(word);
    this.#output = { file: word.text, append: this.#appends };
    this.#appends = null;
    if (!word.literal) this.#odd ??= 'a redirection';
  }

  #endLine(after: Joint): void {
    this.#endWord(0);
    if (this.#appends !== null) this.#odd ??= 'a redirection';
    if (this.#words.length > 0 || after === '(' || after === ')')
      this.#lines.push({
        words: this.#words,
        before: this.#before,
        after,
        output: this.#output,
        odd: this.#odd,
      });
    // After `a &&` and the end of the line, `b` still belongs to `a`.
    if (this.#words.length > 0 || after !== ';') this.#before = after;
    this.#words = [];
    this.#odd = null;
    this.#output = null;
    this.#appends = null;
  }

  #giveUp(): void {
    this.#odd ??= UNCLOSED;
    this.#add('', false, 0);
    this.#at = this.#text.length;
  }

  #skipTo(place: number): void {
    this.#at = place < 0 ? this.#text.length : place;
  }
}

/** Where a quote ends; in all but single quotes a backslash takes the next character along. */
function closing(text: string, from: number, quote: string): number {
  if (quote === "'") return text.indexOf(quote, from);
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return -1;
}

/** The bracket that closes the one at `from`; quotes inside are not looked at. */
function balanced(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
