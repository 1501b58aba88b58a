import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoreValue } from '../../actors/store.ts';
import { BulkLoad } from '../../src/state/bulk-load.ts';
import { entryOfJson } from '../../src/state/entry-codec.ts';
import { mergeRuns, readRun, writeRun } from '../../src/state/run-file.ts';
import type { RunEntry } from '../../src/state/run-file.ts';
import { afterKill, contents, identity, stateDirectory, stateFolder, taskFolder } from '../support/state.ts';

const entry = (key: string, value: unknown): { key: Buffer; value: Buffer | null } => ({ key: Buffer.from(key), value: value === undefined ? null : Buffer.from(JSON.stringify(value)) });

/** Changes of 40,000 keys in no order, several of each, some of them deletions; and what they come to. */
function changelog(count: number): { readonly changes: ReturnType<typeof entry>[]; readonly result: Map<string, StoreValue> } {
  const result = new Map<string, StoreValue>();
  const changes = Array.from({ length: count }, (_, index) => {
    const key = `key-${(index * 7_919) % 40_009}`;
    const value = index % 5 === 0 ? undefined : { index, text: 'x'.repeat(300) };
    if (value === undefined) result.delete(key);
    else result.set(key, value);
    return entry(key, value);
  });
  return { changes, result };
}

describe('a restore', () => {
  it('of more than fits into memory goes through runs; a kill half way costs what was gathered, at any step of the merge nothing', () => {
    const { changes, result } = changelog(200_000);
    const { root, directory } = stateDirectory();
    const first = directory.open(identity());
    let at = 0;
    for (; at < 150_000; at += 10_000) first.restore('counts', changes.slice(at, at + 10_000), at + 10_000);
    assert.ok(readdirSync(taskFolder(root)).some((name) => name.endsWith('.run')));
    const copy = afterKill(root);
    first.close();
    const second = stateDirectory({}, copy).directory.open(identity());
    const position = second.changelogPosition('counts') ?? 0;
    assert.ok(position > 0 && position < at, `${position}`);
    for (at = position; at < 200_000; at += 10_000) second.restore('counts', changes.slice(at, at + 10_000), Math.min(at + 10_000, 200_000));
    assert.ok(second.continueRestore() && second.continueRestore());
    const third = stateDirectory({}, afterKill(copy)).directory.open(identity());
    second.close();
    assert.equal(third.applied, null);
    const next = third.changelogPosition('counts') ?? 0;
    third.restore('counts', changes.slice(next), 200_000);
    third.restored({ epoch: 3, nonce: 'r' });
    assert.equal(third.size.entries, result.size);
    assert.deepEqual(new Map(contents(third, 'counts')), result);
    third.close();
  });

  it('runs that are merged are one run: every key once, from the newest', () => {
    const run = fc.dictionary(fc.string({ maxLength: 2 }).map((text) => Buffer.from(text).toString('latin1')), fc.option(fc.uint8Array({ maxLength: 4 })), { noNullPrototype: true });
    fc.assert(fc.property(fc.array(run, { maxLength: 6 }), (runs) => {
      const inOrder = runs.map((one) => Object.entries(one).map(([key, value]): RunEntry => [key, value === null ? null : Buffer.from(value)]).toSorted(([a], [b]) => (a < b ? -1 : 1)));
      const wanted = new Map(runs.flatMap((one) => Object.entries(one)));
      const merged = [...mergeRuns(inOrder)];
      assert.deepEqual(merged.map(([key]) => key), [...wanted.keys()].sort());
      for (const [key, value] of merged) assert.deepEqual(value === null ? null : [...value], wanted.get(key) === null ? null : [...(wanted.get(key) as Uint8Array)]);
    }));
  });

  it('a run comes back as it was written: empty, of small and of very large entries', () => {
    const file = join(stateFolder(), 'a.run');
    const entries: RunEntry[] = [['', Buffer.alloc(0)], ['a', null], ['b', Buffer.alloc(700_000, 'b')], ['c', Buffer.from('c')], ...Array.from({ length: 9000 }, (_, index): RunEntry => [`d${index}`.padEnd(90), index % 3 === 0 ? null : Buffer.alloc(index % 100)])];
    for (const some of [[], entries.slice(0, 1), entries]) {
      writeRun(file, some, true);
      assert.deepEqual([...readRun(file)], some);
    }
  });

  it('keys that LMDB does not take as they are are loaded in their place', () => {
    const load = new BulkLoad(stateFolder(), 'a store', 0, true);
    for (const key of ['b', '', '\0', 'x'.repeat(4000), 'a']) load.add(entryOfJson(Buffer.from(key), Buffer.from('1')));
    load.spill();
    load.add(entryOfJson(Buffer.from('a'), null));
    assert.deepEqual([...load.merge()].map(([key, value]) => [key.slice(0, 3), value === null]), [['\0', false], ['\0\0', false], ['a', true], ['b', false], ['xxx', false]]);
    load.clear();
  });
});
