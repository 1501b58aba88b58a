import { closeSync, openSync, readSync } from 'node:fs';
import { formsOf } from './secret-forms.ts';
import type { Secret } from './secrets.ts';

/** Where a secret stands: never the secret itself. */
export interface Shown {
  readonly file: string;
  /** From 1 on. */
  readonly line: number;
  readonly kind: string;
  /** How it is written. */
  readonly form: string;
}

/** What a search came to. */
export interface Searched {
  readonly bytes: number;
  readonly shown: readonly Shown[];
}

interface Needle {
  readonly bytes: Buffer;
  readonly kind: string;
  readonly form: string;
}

/** Bits of the table that says which four bytes begin a secret. */
const bits = 20;

/**
 * Looks for many texts at once, in one pass: four bytes at each place are looked up in a table, and only where they begin a secret is it compared.
 */
export class SecretSearch {
  readonly #needles = new Map<number, Needle[]>();
  readonly #begins = new Uint8Array(1 << bits);
  #longest = 4;

  constructor(secrets: readonly Secret[]) {
    const known = new Set<string>();
    for (const { kind, text } of secrets) for (const [form, name] of formsOf(text)) if (!known.has(form)) {
      known.add(form);
      this.#add({ bytes: Buffer.from(form), kind, form: name });
    }
  }

  /** Reads the files in chunks of so many bytes; tells the first place of each secret and form in each file. */
  files(files: readonly string[], chunk = 1 << 20): Searched {
    const all = files.map((file) => this.#file(file, chunk));
    return { bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), shown: all.flatMap(({ shown }) => shown) };
  }

  #add(needle: Needle): void {
    const { bytes } = needle;
    const key = bytes.readInt32BE(0);
    this.#needles.set(key, [...(this.#needles.get(key) ?? []), needle]);
    this.#begins[slot(key)] = 1;
    this.#longest = Math.max(this.#longest, bytes.length);
  }

  #file(file: string, chunk: number): Searched {
    const descriptor = openSync(file, 'r');
    const buffer = Buffer.allocUnsafe(this.#longest + chunk);
    const shown = new Map<Needle, Shown>();
    let [kept, bytes, line] = [0, 0, 1];
    try {
      for (;;) {
        const read = readSync(descriptor, buffer, kept, chunk, null);
        bytes += read;
        const length = kept + read;
        // What may still be the beginning of something is looked at with the next chunk.
        const end = read === 0 ? length : Math.max(0, length - this.#longest + 1);
        for (const [at, needle] of this.#chunk(buffer.subarray(0, length), end)) if (!shown.has(needle)) {
          shown.set(needle, { file, line: line + newlines(buffer, at), kind: needle.kind, form: needle.form });
        }
        if (read === 0) return { bytes, shown: [...shown.values()] };
        line += newlines(buffer, end);
        buffer.copyWithin(0, end, length);
        kept = length - end;
      }
    } finally {
      closeSync(descriptor);
    }
  }

  /** The needles that begin before `end`. */
  #chunk(buffer: Buffer, end: number): [number, Needle][] {
    const found: [number, Needle][] = [];
    const begins = this.#begins;
    let four = 0;
    for (let at = 0; at < Math.min(buffer.length, end + 3); at++) {
      four = (four << 8) | (buffer[at] as number);
      if (at < 3 || begins[slot(four)] === 0) continue;
      for (const needle of this.#needles.get(four) ?? []) if (buffer.compare(needle.bytes, 0, needle.bytes.length, at - 3, Math.min(buffer.length, at - 3 + needle.bytes.length)) === 0) found.push([at - 3, needle]);
    }
    return found;
  }
}

function slot(four: number): number {
  return Math.imul(four, 0x9e3779b1) >>> (32 - bits);
}

function newlines(buffer: Buffer, end: number): number {
  let count = 0;
  for (let at = buffer.indexOf(10); at >= 0 && at < end; at = buffer.indexOf(10, at + 1)) count++;
  return count;
}
