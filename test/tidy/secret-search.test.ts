import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { emptyFolder } from '../support/scratch.ts';
import { SecretSearch } from '../support/secret-search.ts';
import { secret } from '../support/secrets.ts';

const planted = 'pläin "s3cret"/%+\\ word';
const url = encodeURIComponent(planted);
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const folder = emptyFolder();

/** What is found in a text, read in chunks of so many bytes. */
function found(text: string | Buffer, chunk?: number, texts: readonly string[] = [planted]): string[] {
  const file = join(folder, 'text');
  writeFileSync(file, text);
  return new SecretSearch(texts.map((each) => ({ kind: 'password', text: each }))).files([file], chunk).shown.map(({ line, form }) => `${line}: ${form}`);
}

describe('the search for secrets', () => {
  const ways: readonly (readonly [form: string, written: string])[] = [
    ['as it is', planted],
    ['as JSON', JSON.stringify({ a: planted })],
    ['as JSON in JSON', JSON.stringify(JSON.stringify({ a: planted }))],
    ['percent-encoded', `postgres://user:${url}@host/`],
    ['percent-encoded', url.replace(/%../g, (code) => code.toLowerCase())],
    ['as of a form', new URLSearchParams({ a: planted }).toString()],
    ['in hex', Buffer.from(planted).toString('hex')],
    ['in hex', Buffer.from(planted).toString('hex').toUpperCase()],
    ...['', 'u:', 'us:', 'use:', '\0user\0'].flatMap((before) => ['', ':', '::'].map((after) => ['in base64', base64(before + planted + after)] as const)),
    ...['u', 'us', 'use'].map((user) => ['in base64', base64(`${user}:${url}`)] as const),
    ...['', 'u:', 'us:'].map((before) => ['in base64url', Buffer.from(`${before}${planted}??>>`).toString('base64url')] as const)
  ];
  for (const [form, written] of ways) {
    it(`finds one ${form}: ${JSON.stringify(written).slice(0, 40)}`, () => {
      const all = found(`first line\nsecond ${written} end\n`);
      // Without + and / both kinds of base64 are the same.
      assert.ok(all.includes(`2: ${form}`) || (form === 'in base64url' && all.includes('2: in base64')), all.join());
    });
  }

  it('finds one wherever it lies across the borders of chunks, and its line', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 1, max: 80 }), fc.integer({ min: 0, max: 50 }), (before, chunk, after) => {
      assert.deepEqual(found(`${'x\n'.repeat(before)}${planted}${'y'.repeat(after)}`, chunk), [`${before + 1}: as it is`]);
    }), { numRuns: 200 });
  });

  it('finds nothing in what only looks like one', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(planted.slice(1), planted.slice(0, -1), planted.toUpperCase(), base64(planted.slice(2)), 'word', '\n')), fc.integer({ min: 1, max: 80 }), (parts, chunk) => {
      assert.deepEqual(found(parts.join(' '), chunk), []);
    }), { numRuns: 200 });
    assert.deepEqual(found(Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 7919) % 256))), []);
  });

  it('finds several that begin alike, each once', () => {
    assert.deepEqual(found('one: secret-a, secret-ab\ntwo: secret-b secret-b', 8, ['secret-a', 'secret-ab', 'secret-b']), ['1: as it is', '1: as it is', '2: as it is']);
  });

  it('takes no secret that would be found by chance', () => {
    assert.throws(() => secret('short'), /6 bytes or more/);
  });
});
