import { Failure } from '../../../actors/failure.ts';

/** What a token is, as its first character tells. */
export type TokenKind = 'name' | 'number' | 'text' | 'symbol' | 'end';

const space = /[\s\ufeff]+/y;
const name = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:0[xX][0-9a-fA-F]+|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[fF]?/y;
const doubleQuoted = /"([^"\\\n]*(?:\\[^\n][^"\\\n]*)*)"/y;
const singleQuoted = /'([^'\\\n]*(?:\\[^\n][^'\\\n]*)*)'/y;

/** Longer names are refused, so that the full names of nested things stay in bounds. */
const maxName = 512;

/** The tokens of a .proto file, one at a time. It takes time in proportion to the text. */
export class Tokens {
  readonly #file: string;
  readonly #text: string;
  #at = 0;
  /** Where the current token begins. */
  #start = 0;
  kind: TokenKind = 'end';
  /** The current token; of a text what is between its quotes. */
  token = '';

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    this.next();
  }

  /** Gives the current token and goes on to the next. */
  next(): string {
    const token = this.token;
    this.#skip();
    this.#start = this.#at;
    const first = this.#text[this.#at];
    if (first === undefined) this.#set('end', '');
    else if (this.#match(name)) this.#set('name', this.#text.slice(this.#start, this.#at));
    else if (this.#match(number)) this.#set('number', this.#text.slice(this.#start, this.#at));
    else if (first === '"' || first === "'") this.#string(first === '"' ? doubleQuoted : singleQuoted);
    else {
      this.#at += 1;
      this.#set('symbol', first);
    }
    return token;
  }

  /** True, and one token further, where the current one is this name or symbol. */
  take(token: string): boolean {
    if (this.token !== token || this.kind === 'text') return false;
    this.next();
    return true;
  }

  expect(token: string): void {
    if (!this.take(token)) throw this.failure(`expected ${token}`);
  }

  /** The next token's first character, without going on. */
  peekIs(character: string): boolean {
    const at = this.#at;
    this.#skip();
    const is = this.#text[this.#at] === character;
    this.#at = at;
    return is;
  }

  name(what: string): string {
    if (this.kind !== 'name') throw this.failure(`expected ${what}`);
    if (this.token.length > maxName) throw this.failure(`expected a name of at most ${maxName} characters`);
    return this.next();
  }

  /** A name with dots, perhaps with a leading one. Spaces between its parts are allowed. */
  fullName(what: string): string {
    let result = this.take('.') ? '.' : '';
    result += this.name(what);
    // The tokenizer has no name that begins with a dot, but ".5" would be a number: no part of a name begins with a digit.
    while (this.take('.')) result += `.${this.name(what)}`;
    if (result.length > maxName) throw this.failure(`expected a name of at most ${maxName} characters before this`);
    return result;
  }

  integer(what: string): number {
    const negative = this.take('-');
    const text = this.token;
    const value = this.kind !== 'number' ? NaN : /^0[0-7]+$/.test(text) ? parseInt(text, 8) : /^(?:0[xX][0-9a-fA-F]+|[0-9]+)$/.test(text) ? Number(text) : NaN;
    if (!Number.isSafeInteger(value)) throw this.failure(`expected ${what}`);
    this.next();
    return negative ? -value : value;
  }

  /** One or more texts side by side. Escapes stay as they are: no name of a file or of a field needs one. */
  text(what: string): string {
    if (this.kind !== 'text') throw this.failure(`expected ${what}`);
    const parts: string[] = [];
    while (this.kind === 'text') parts.push(this.next());
    return parts.join('');
  }

  /** A failure about the current token. */
  failure(expected: string): Failure {
    const line = this.#text.slice(0, this.#start).split('\n').length;
    const found = this.kind === 'end' ? 'the end of the file' : JSON.stringify(this.token.slice(0, 40));
    return new Failure('schema_unusable', `${this.#file}:${line}: ${expected}, found ${found}`);
  }

  #skip(): void {
    for (;;) {
      this.#match(space);
      if (this.#text.startsWith('//', this.#at)) this.#at = this.#behind('\n') ?? this.#text.length;
      else if (this.#text.startsWith('/*', this.#at)) {
        const end = this.#behind('*/');
        if (end === null) return;
        this.#at = end;
      } else return;
    }
  }

  #behind(mark: string): number | null {
    const found = this.#text.indexOf(mark, this.#at + 2);
    return found === -1 ? null : found + mark.length;
  }

  #string(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) {
      this.#set('symbol', this.#text[this.#at] as string);
      throw this.failure('expected the end of a text on its line');
    }
    this.#at = pattern.lastIndex;
    this.#set('text', match[1] as string);
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return false;
    this.#at = pattern.lastIndex;
    return true;
  }

  #set(kind: TokenKind, token: string): void {
    this.kind = kind;
    this.token = token;
  }
}
