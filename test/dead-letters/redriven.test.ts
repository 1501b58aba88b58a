import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { filterKey, matches, parseFilterKey } from '../../src/dead-letters/filter.ts';
import type { LetterFilter } from '../../src/dead-letters/filter.ts';
import { Redriven } from '../../src/dead-letters/redriven.ts';

interface Letter {
  readonly offset: number;
  readonly code: string;
  readonly node: string;
  readonly time: number;
  readonly tries: number;
}

const filters = fc.record({ code: fc.constantFrom('a', 'b'), node: fc.constantFrom('n', 'm'), since: fc.nat(20), until: fc.nat(20), triesBelow: fc.nat(3) }, { requiredKeys: [] });
const letters = fc.array(fc.record({ code: fc.constantFrom('a', 'b'), node: fc.constantFrom('n', 'm'), time: fc.nat(20), tries: fc.nat(3), gap: fc.nat(2) }), { maxLength: 30 });

/** A run of the command: what it takes, and what is committed then, encoded and decoded as the broker would have it. */
function run(all: readonly Letter[], end: number, filter: LetterFilter, limit: number, done: Redriven): { taken: Letter[]; done: Redriven } {
  const taken: Letter[] = [];
  let next = done.from(filter);
  for (const letter of all) {
    if (letter.offset < next) continue;
    if (taken.length >= limit) break;
    next = letter.offset + 1;
    if (matches(letter, filter) && !done.has(letter)) taken.push(letter);
  }
  if (taken.length < limit) next = Math.max(next, end);
  done.note(filter, next);
  return { taken, done: Redriven.from({ offset: done.base, metadata: done.metadata }, 'g') };
}

describe('what is noted of dead letters that were driven again', () => {
  it('says of each letter whether it was, whatever filters and limits were used: none goes twice, none is forgotten', () => {
    fc.assert(
      fc.property(letters, fc.array(fc.tuple(filters, fc.option(fc.integer({ min: 1, max: 10 }), { nil: Infinity })), { maxLength: 12 }), (drawn, runs) => {
        let offset = -1;
        const all = drawn.map(({ gap, ...letter }) => ({ ...letter, offset: (offset += 1 + gap) }));
        const taken = new Set<number>();
        let done = Redriven.from(null, 'g');
        for (const [filter, limit] of [...runs, [{}, Infinity] as const]) {
          const result = run(all, offset + 1, filter, limit, done);
          const wanted = all.filter((letter) => matches(letter, filter) && !taken.has(letter.offset)).slice(0, limit);
          assert.deepEqual(result.taken, wanted);
          for (const letter of result.taken) taken.add(letter.offset);
          for (const letter of all) assert.equal(result.done.has(letter), taken.has(letter.offset) || letter.offset < result.done.base);
          done = result.done;
        }
        assert.equal(taken.size, all.length);
      }),
      { numRuns: 300 }
    );
  });

  it('names equal filters alike, and takes them back', () => {
    fc.assert(fc.property(filters, (filter) => {
      const key = filterKey(filter);
      assert.deepEqual(key === '' ? {} : parseFilterKey(key), { ...filter });
    }));
    assert.equal(parseFilterKey('no JSON'), null);
  });

  it('stays within what brokers take beside an offset, or says so before anything is written', () => {
    const done = Redriven.from(null, 'g');
    assert.throws(() => {
      for (let index = 0; index < 500; index += 1) {
        done.note({ since: index }, index + 1);
        assert.ok(Buffer.byteLength(done.metadata) <= 4096);
      }
    }, /different filters were used/);
    done.note({}, 1000);
    assert.equal(done.metadata, '{"millrace-redrive":1,"f":[]}');
  });

  it("is not taken from another program's commit", () => {
    for (const metadata of ['', 'x', '{}', 'null', '{"millrace":1}', '{"millrace-redrive":1}']) assert.throws(() => Redriven.from({ offset: 1, metadata }, 'g'), /Another program/);
  });
});
