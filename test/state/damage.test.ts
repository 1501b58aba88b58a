import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { open } from 'lmdb';
import { checkDataFile } from '../../src/state/data-file.ts';
import { TaskFolder } from '../../src/state/task-folder.ts';
import { verifyTask } from '../../src/state/verify.ts';
import { afterKill, applyEpoch, contents, identity, stateDirectory, stateFolder, taskFolder } from '../support/state.ts';

const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`key-${index}`, index]));

/** Sound state of some thousand entries, closed. */
function sound(): { readonly root: string; readonly data: string } {
  const { root, directory } = stateDirectory();
  const state = directory.open(identity());
  applyEpoch(state, 1, many);
  applyEpoch(state, 2, { more: 1 });
  state.close();
  return { root, data: join(taskFolder(root), 'data.mdb') };
}

function change(file: string, edit: (bytes: Buffer) => Buffer | void): void {
  const bytes = readFileSync(file);
  writeFileSync(file, edit(bytes) ?? bytes);
}

/** What must hold of damage that is found at the open: put aside, with what was there; the new one is empty and works. */
function assertQuarantined(root: string): void {
  const state = stateDirectory({}, root).directory.open(identity());
  assert.ok(state.quarantined !== null, 'taken as sound');
  assert.ok(state.quarantined.reason !== '' && existsSync(join(state.quarantined.path ?? '', 'data.mdb')), JSON.stringify(state.quarantined));
  assert.deepEqual([state.applied, contents(state, 'counts')], [null, []]);
  applyEpoch(state, 1, { a: 1 });
  state.close();
  const again = stateDirectory({}, root).directory.open(identity());
  assert.deepEqual([again.quarantined, contents(again, 'counts')], [null, [['a', 1]]]);
  again.close();
}

describe('damaged state', () => {
  it('what is sound is opened, also when it was killed and when a copy of it is put back', () => {
    const { root, data } = sound();
    assert.equal(checkDataFile(data), 'sound');
    assert.deepEqual(verifyTask(new TaskFolder(root, 'orders', 'counts-0')), { entries: { counts: 3001 }, problems: [], bad: 0 });
    const yesterday = afterKill(root);
    const state = stateDirectory({}, root).directory.open(identity());
    applyEpoch(state, 3, { more: 2 });
    state.close();
    const old = stateDirectory({}, yesterday).directory.open(identity());
    assert.deepEqual([old.quarantined, old.applied?.epoch, old.store('counts').get('more')], [null, 2, 1]);
    old.close();
  });

  const heads: readonly (readonly [string, (bytes: Buffer) => Buffer | void])[] = [
    ['garbage', () => Buffer.from('no data file at all, but somebody called it so'.repeat(500))],
    ['a text', () => Buffer.from('{}')],
    ['zeros', (bytes) => void bytes.fill(0)],
    ['the magic', (bytes) => void bytes.writeUInt32LE(1, 24)],
    ['the data version', (bytes) => void bytes.writeUInt32LE(9, 4096 + 28)],
    ['the page size', (bytes) => void bytes.writeUInt32LE(4095, 48)],
    ['a root beyond the end', (bytes) => { for (const at of [0, 4096]) bytes.writeBigUInt64LE(1_000_000n, at + 136); }],
    ['the first page alone', (bytes) => bytes.subarray(0, 4096)],
    ['half of it', (bytes) => bytes.subarray(0, bytes.length / 2)]
  ];
  for (const [what, edit] of heads) {
    it(`is found before LMDB opens it: ${what}`, () => {
      const { root, data } = sound();
      change(data, edit);
      assertQuarantined(root);
    });
  }

  it('an empty data file, as a kill in the first moment leaves it, is a new one', () => {
    const root = stateFolder();
    const folder = new TaskFolder(root, 'orders', 'counts-0');
    folder.make();
    writeFileSync(folder.dataFile, '');
    const state = stateDirectory({}, root).directory.open(identity());
    assert.deepEqual([state.quarantined, state.applied], [null, null]);
    state.close();
  });

  it('an entry whose bits flipped is not served; the next open puts the state aside', () => {
    const { root, data } = sound();
    change(data, (bytes) => {
      let at = bytes.indexOf('key-1234');
      // Every copy of the entry, also in pages that are free.
      for (; at >= 0; at = bytes.indexOf('key-1234', at + 1)) bytes.writeUInt8((bytes[at + 8 + 5] as number) ^ 1, at + 8 + 5);
    });
    const state = stateDirectory({}, root).directory.open(identity());
    assert.equal(state.store('counts').get('key-1233'), 1233);
    assert.throws(() => state.store('counts').get('key-1234'), { code: 'state_corrupt', message: /key-1234/ });
    assert.throws(() => contents(state, 'counts'), { code: 'state_corrupt' });
    state.close();
    assertQuarantined(root);
  });

  it('a prepared epoch whose bits flipped is not applied', () => {
    const { root, directory } = stateDirectory();
    const victim = directory.open(identity());
    applyEpoch(victim, 1, { a: 1 });
    victim.store('counts').put('prepared-key', 'prepared-value');
    victim.seal('counts');
    victim.prepare({ epoch: 2, nonce: 'x' });
    const copy = afterKill(root);
    victim.close();
    change(join(taskFolder(copy), 'data.mdb'), (bytes) => { bytes.write('X', bytes.indexOf('prepared-value')); });
    const heir = stateDirectory({}, copy).directory.open(identity());
    assert.throws(() => { heir.applyPrepared(); }, { code: 'state_corrupt' });
    heir.close();
    assertQuarantined(copy);
  });

  it('state of another task, of a newer format, and databases of something else are put aside', () => {
    const other = sound();
    const root = stateFolder();
    const folder = new TaskFolder(root, 'orders', 'counts-0');
    const foreign = stateDirectory().directory;
    foreign.open({ ...identity(), task: 'counts-1' }).close();
    folder.make();
    copyFileSync(other.data, folder.dataFile);
    const state = stateDirectory({}, root).directory.open(identity());
    assert.deepEqual([state.quarantined, state.applied?.epoch], [null, 2]);
    state.close();
    const moved = stateDirectory({}, root).directory.open({ ...identity(), task: 'counts-1' });
    moved.close();
    copyFileSync(other.data, new TaskFolder(root, 'orders', 'counts-1').dataFile);
    const wrong = stateDirectory({}, root).directory.open({ ...identity(), task: 'counts-1' });
    assert.ok(wrong.quarantined !== null);
    wrong.close();
    const strange = stateFolder();
    new TaskFolder(strange, 'orders', 'counts-0').make();
    const environment = open({ path: taskFolder(strange), noSubdir: false });
    environment.openDB({ name: 'topics', encoding: 'json' }).putSync('a', { id: 1 });
    void environment.close();
    assertQuarantined(strange);
  });

  it('a store that holds something else is refused, field by field, and nothing is touched', () => {
    const { directory } = stateDirectory();
    const first = directory.open(identity({ counts: { type: 'window', size: 60_000, gap: [1] } }));
    applyEpoch(first, 1, { a: 1 });
    first.close();
    assert.throws(() => directory.open(identity({ counts: { type: 'window', size: 300_000, every: 5, gap: [1] } })), {
      code: 'state_incompatible',
      message: 'Store counts of task counts-0 (topology orders) was written for another definition: every: absent → 5; size: 60000 → 300000.'
    });
    const again = directory.open(identity({ counts: { size: 60_000, gap: [1], type: 'window' } }));
    assert.deepEqual([again.applied?.epoch, contents(again, 'counts')], [1, [['a', 1]]]);
    again.close();
  });

  it('after two opens that came to nothing all of it is read, in a process that may crash for it', () => {
    const { root, data } = sound();
    const folder = new TaskFolder(root, 'orders', 'counts-0');
    // A leaf page of the tree, cut to pieces: LMDB follows its offsets anywhere.
    change(data, (bytes) => {
      for (let page = 2; page < bytes.length / 4096; page++) if ((bytes.readUInt16LE(page * 4096 + 18) & 0x02) !== 0) bytes.fill(0xff, page * 4096 + 24, page * 4096 + 2000);
    });
    assert.equal(checkDataFile(data), 'sound');
    folder.opens = 2;
    assert.ok(verifyTask(folder).bad > 0);
    assertQuarantined(root);
  });

  it('what is sound survives two opens that came to nothing', () => {
    const { root } = sound();
    const folder = new TaskFolder(root, 'orders', 'counts-0');
    folder.opens = 2;
    const state = stateDirectory({}, root).directory.open(identity());
    assert.deepEqual([state.quarantined, state.applied?.epoch, folder.opens], [null, 2, 3]);
    applyEpoch(state, 3, { a: 1 });
    assert.equal(folder.opens, 0);
    state.close();
  });

  it('a data file that lost its end is put aside', () => {
    const { root, data } = sound();
    truncateSync(data, statSync(data).size - 4096 * 3);
    assertQuarantined(root);
  });
});

describe('a full disk', () => {
  it('is said before anything is written, and the task goes on once there is room', () => {
    let free = Infinity;
    const { root } = stateDirectory();
    const { directory } = stateDirectory({ freeBytes: () => free }, root);
    const state = directory.open(identity());
    applyEpoch(state, 1, { a: 1 });
    free = 1024 * 1024;
    state.store('counts').put('b', 2);
    state.seal('counts');
    assert.throws(() => { state.prepare({ epoch: 2, nonce: 'x' }); }, { code: 'state_disk_full', message: /wants 16 MiB free on the disk, there are 1 MiB/ });
    assert.throws(() => { state.restore('counts', [], 1); }, { code: 'state_disk_full' });
    assert.throws(() => directory.open({ ...identity(), task: 'other-0' }), { code: 'state_disk_full' });
    state.close();
    free = Infinity;
    const again = directory.open(identity());
    assert.equal(again.applied, null);
    assert.deepEqual([again.prepared?.epoch, again.quarantined], [1, null]);
    again.applyPrepared();
    assert.deepEqual(contents(again, 'counts'), [['a', 1]]);
    again.close();
  });
});
