import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreValue } from '../../actors/store.ts';
import { afterKill, applyEpoch, contents, identity, stateDirectory, taskFolder } from '../support/state.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('the state of a task', () => {
  it('a store reads its own writes at once, in key order, also in the middle of a range', () => {
    const state = stateDirectory().directory.open(identity());
    const store = state.store('counts');
    applyEpoch(state, 1, { a: 1, b: 2, c: 3, d: 4 });
    store.put('b', 20);
    store.delete('c');
    store.put('bb', 25);
    const seen: unknown[] = [];
    for (const [key, value] of store.range('a', 'd')) {
      seen.push([key, value]);
      if (key === 'b') store.delete('b');
      else store.put(key, 0);
    }
    assert.deepEqual(seen, [['a', 1], ['b', 20], ['bb', 25]]);
    assert.deepEqual(contents(state, 'counts'), [['a', 0], ['bb', 0], ['d', 4]]);
    assert.deepEqual([store.get('a'), store.get('b'), store.get('nothing')], [0, undefined, undefined]);
    state.close();
  });

  it('a range that is left half way, or while something is thrown, leaves nothing open', () => {
    const state = stateDirectory().directory.open(identity());
    applyEpoch(state, 1, { a: 1, b: 2, c: 3 });
    applyEpoch(state, 2, {});
    for (const _ of state.store('counts').range('', 'z')) break;
    assert.throws(() => { for (const _ of state.store('counts').range('', 'z')) throw new Error('of the caller'); }, /of the caller/);
    applyEpoch(state, 3, { a: 10 });
    assert.deepEqual(contents(state, 'counts'), [['a', 10], ['b', 2], ['c', 3]]);
    state.close();
  });

  it('every value and key comes back from disk: empty, binary, very long', () => {
    const { directory } = stateDirectory();
    const long = '\xffk'.repeat(1500);
    const entries: [string, StoreValue][] = [
      ['', 'empty'], ['\0', null], ['\0\0', false], ['\0a', 0], ['\x01', { deep: [1, { text: 'ü€😀\ud800' }] }], ['b', ''],
      ['b'.repeat(1899), 1], ['b'.repeat(1900), 2], ['b'.repeat(1901), 3], ['big', 'x'.repeat(300_000)], [long, 4], [`${long}z`, 5]
    ];
    const first = directory.open(identity());
    for (const [key, value] of entries) first.store('counts').put(key, value);
    first.seal('counts');
    first.prepare({ epoch: 1, nonce: 'a' });
    first.apply({ epoch: 1, nonce: 'a' });
    first.close();
    const second = directory.open(identity());
    const store = second.store('counts');
    for (const [key, value] of entries) assert.deepEqual(store.get(key), value, key.slice(0, 10));
    assert.deepEqual(new Map(contents(second, 'counts')), new Map(entries));
    assert.deepEqual([...store.range('\0', '\0a')].map(([key]) => key), ['\0', '\0\0']);
    assert.deepEqual([...store.range(long, `${long}z`)], [[long, 4]]);
    assert.deepEqual([...store.range('b'.repeat(1900), 'c')].map(([, value]) => value).toSorted().slice(0, 2), [2, 3]);
    second.close();
  });

  it('what an epoch changed is told once per entry, as plain JSON; what comes after the seal belongs to the next', () => {
    const state = stateDirectory().directory.open(identity({ counts: {}, sums: {} }));
    const [counts, sums] = [state.store('counts'), state.store('sums')];
    counts.put('a', 1);
    counts.put('a', 2);
    counts.put('gone', 1);
    counts.delete('gone');
    sums.put('s', { total: 'ü' });
    assert.equal(state.dirty, 3);
    state.seal('counts');
    counts.put('a', 3);
    state.seal('sums');
    const changes = state.sealed().map(({ store, key, value }) => [store, Buffer.from(key).toString(), value === null ? null : Buffer.from(value).toString()]);
    assert.deepEqual(changes, [['counts', 'a', '2'], ['counts', 'gone', null], ['sums', 's', '{"total":"ü"}']]);
    assert.equal(state.dirty, 4);
    state.prepare({ epoch: 1, nonce: 'a' });
    assert.equal(state.dirty, 1);
    assert.equal(counts.get('a'), 3);
    state.apply({ epoch: 1, nonce: 'a' });
    state.seal('counts');
    state.seal('sums');
    assert.equal(state.sealed().length, 1);
    state.close();
  });

  it('a kill after prepare leaves the epoch to be applied, or to be forgotten', () => {
    for (const fate of ['apply', 'discard'] as const) {
      const { root, directory } = stateDirectory();
      const victim = directory.open(identity());
      applyEpoch(victim, 1, { a: 1 });
      victim.store('counts').put('a', 2);
      victim.store('counts').put('big', 3);
      for (let index = 0; index < 9000; index++) victim.store('counts').put(`k${index}`, index);
      victim.seal('counts');
      victim.prepare({ epoch: 2, nonce: 'x' });
      const heir = stateDirectory({}, afterKill(root)).directory.open(identity());
      assert.deepEqual([heir.applied, heir.prepared], [{ epoch: 1, nonce: 'n1' }, { epoch: 2, nonce: 'x' }]);
      assert.deepEqual(contents(heir, 'counts'), [['a', 1]]);
      if (fate === 'apply') heir.applyPrepared();
      else heir.discardPrepared();
      assert.deepEqual([heir.applied, heir.prepared], [{ epoch: fate === 'apply' ? 2 : 1, nonce: fate === 'apply' ? 'x' : 'n1' }, null]);
      assert.equal(contents(heir, 'counts').length, fate === 'apply' ? 9002 : 1);
      heir.close();
      victim.close();
    }
  });

  it('an applied epoch is on disk a little later without a next one, and at close', async () => {
    const { root, directory } = stateDirectory({ writeDelay: 1 });
    const state = directory.open(identity());
    applyEpoch(state, 1, { a: 1 });
    state.noteChangelog(new Map([['counts', 7]]));
    applyEpoch(state, 2, { a: 2 });
    for (let tries = 0; tries < 200; tries++) {
      const copy = stateDirectory({}, afterKill(root)).directory.open(identity());
      const applied = copy.applied?.epoch;
      copy.close();
      if (applied === 2) break;
      await sleep(5);
    }
    const copy = stateDirectory({}, afterKill(root)).directory.open(identity());
    assert.deepEqual([copy.applied, copy.prepared, copy.changelogPosition('counts'), contents(copy, 'counts')], [{ epoch: 2, nonce: 'n2' }, null, 7, [['a', 2]]]);
    copy.close();
    applyEpoch(state, 3, { a: 3 });
    state.close();
    state.close();
    const again = directory.open(identity());
    assert.deepEqual([again.applied, contents(again, 'counts'), again.size.entries], [{ epoch: 3, nonce: 'n3' }, [['a', 3]], 1]);
    again.close();
  });

  it('an epoch that changed nothing moves on; a wrong attempt is not applied', () => {
    let time = 1000;
    const { root, directory } = stateDirectory({ now: () => time });
    const state = directory.open(identity());
    assert.deepEqual([state.applied, state.writtenAt, state.prepared, state.quarantined], [null, null, null, null]);
    applyEpoch(state, 1, { a: 1 });
    time = 2000;
    applyEpoch(state, 2, {});
    assert.equal(state.writtenAt, 2000);
    state.seal('counts');
    state.prepare({ epoch: 3, nonce: 'a' });
    assert.throws(() => { state.apply({ epoch: 3, nonce: 'b' }); }, /not prepared/);
    const killed = stateDirectory({}, afterKill(root)).directory.open(identity());
    assert.deepEqual([killed.applied, killed.prepared, contents(killed, 'counts')], [{ epoch: 2, nonce: 'n2' }, { epoch: 3, nonce: 'a' }, [['a', 1]]]);
    killed.close();
    state.close();
  });

  it('a restore that was cut off is never served and goes on from where it was', () => {
    const stores = { counts: {}, sums: {} };
    const { root, directory } = stateDirectory({ now: () => 5 });
    const first = directory.open(identity(stores));
    applyEpoch(first, 1, { old: 1, kept: 1 });
    // One store has entries and takes the difference; the other is empty and is loaded in bulk.
    first.restore('counts', [{ key: bytes('a'), value: bytes('1') }, { key: bytes('old'), value: null }], 10);
    first.restore('sums', [{ key: bytes('s'), value: bytes('{"x":1}') }], 4);
    assert.deepEqual([first.applied, first.changelogPosition('counts'), first.changelogPosition('sums')], [null, 10, 4]);
    const killed = stateDirectory({ now: () => 9 }, afterKill(root)).directory.open(identity(stores));
    assert.deepEqual([killed.applied, killed.changelogPosition('counts'), killed.changelogPosition('sums'), killed.writtenAt], [null, 10, null, 5]);
    killed.close();
    first.close();
    const second = directory.open(identity(stores));
    assert.deepEqual([second.applied, second.changelogPosition('counts'), second.changelogPosition('sums'), contents(second, 'sums')], [null, 10, 4, []]);
    second.restore('counts', [{ key: bytes('a'), value: bytes('2') }], 11);
    second.restore('sums', [{ key: bytes('t'), value: bytes('2') }, { key: bytes('u'), value: bytes('3') }, { key: bytes('u'), value: null }], 7);
    while (second.continueRestore());
    second.restore('sums', [{ key: bytes('t'), value: bytes('5') }], 8);
    second.restored({ epoch: 8, nonce: 'r' });
    assert.deepEqual([second.applied, second.changelogPosition('sums'), contents(second, 'counts'), contents(second, 'sums')], [{ epoch: 8, nonce: 'r' }, 8, [['a', 2], ['kept', 1]], [['s', { x: 1 }], ['t', 5]]]);
    second.close();
    assert.deepEqual(readdirSync(taskFolder(root)).toSorted(), ['data.mdb', 'lock.mdb', 'stores.json']);
  });

  it('wiped state begins empty, and is kept aside where that is asked for', () => {
    const { directory } = stateDirectory();
    const state = directory.open(identity());
    applyEpoch(state, 1, { a: 1 });
    state.store('counts').put('b', 1);
    const aside = state.wipe(true);
    assert.match(aside ?? '', /counts-0\.aside-\d{4}/);
    assert.deepEqual([state.applied, state.dirty, contents(state, 'counts'), directory.held('orders')], [null, 0, [], ['counts-0']]);
    applyEpoch(state, 5, { c: 1 });
    assert.equal(state.wipe(false), null);
    applyEpoch(state, 6, { d: 1 });
    state.close();
    const again = directory.open(identity());
    assert.deepEqual([again.applied?.epoch, contents(again, 'counts')], [6, [['d', 1]]]);
    again.close();
  });

  it('a store that is new begins empty, one that is not named any more stays', () => {
    const { directory } = stateDirectory();
    const first = directory.open(identity({ counts: { size: 1 } }));
    applyEpoch(first, 1, { a: 1 });
    first.close();
    const second = directory.open(identity({ sums: { size: 1 } }));
    applyEpoch(second, 2, { s: 1 }, 'sums');
    second.close();
    const third = directory.open(identity({ sums: { size: 1 }, counts: { size: 1 } }));
    assert.deepEqual([contents(third, 'sums'), contents(third, 'counts'), third.applied?.epoch], [[['s', 1]], [['a', 1]], 2]);
    third.close();
  });
});
