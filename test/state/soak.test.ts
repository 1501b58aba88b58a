import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TaskState } from '../../actors/store.ts';
import { timeToBinary } from '../../actors/keyed/binary.ts';
import { TaskFolder } from '../../src/state/task-folder.ts';
import { verifyTask } from '../../src/state/verify.ts';
import { contents, identity, stateDirectory, stateFolder, taskFolder } from '../support/state.ts';

const minute = 60_000;

/** LMDB has crashed where queues are filled at one end and emptied at the other (lmdb-js #321, #283): windows do just that. */
describe('windows that come and go', () => {
  it('a hundred thousand expire from the front, and the file stays small', () => {
    const { root, directory } = stateDirectory();
    let state = directory.open(identity());
    const data = join(taskFolder(root), 'data.mdb');
    let half = 0;
    for (let epoch = 1; epoch <= 400; epoch++) {
      const store = state.store('counts');
      for (let key = 0; key < 250; key++) store.put(`w${timeToBinary(epoch * minute)}key-${key}`, { count: epoch, text: 'x'.repeat((epoch * key) % 700) });
      // Ten windows are open; now and then nothing expires for a while, and then much at once.
      const end = epoch % 50 < 20 ? 0 : epoch - 10;
      for (const [key] of store.range('w', `w${timeToBinary(end * minute)}`)) store.delete(key);
      state.seal('counts');
      state.prepare({ epoch, nonce: 'n' });
      state.apply({ epoch, nonce: 'n' });
      if (epoch === 200) half = statSync(data).size;
      if (epoch % 100 !== 0) continue;
      state.close();
      state = directory.open(identity());
      assert.equal(state.quarantined, null);
    }
    assert.equal(contents(state, 'counts').length, 250 * 12);
    state.close();
    assert.ok(statSync(data).size <= half * 1.5, `${statSync(data).size} bytes after ${half}`);
    assert.equal(verifyTask(new TaskFolder(root, 'orders', 'counts-0')).bad, 0);
  });
});

/** A file system of 24 MiB; null where mounting one is not allowed. */
function smallDisk(): string | null {
  const dir = stateFolder();
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', dir], { stdio: 'ignore' }).status !== 0) return null;
  return dir;
}

/** Epochs until the disk is full; gives the last one that was applied. */
function fill(state: TaskState): number {
  let applied = 0;
  assert.throws(() => {
    for (let epoch = 1; epoch < 1000; epoch++) {
      for (let key = 0; key < 300; key++) state.store('counts').put(`${epoch}-${key}`, 'x'.repeat(400));
      state.seal('counts');
      state.prepare({ epoch, nonce: 'n' });
      state.apply({ epoch, nonce: 'n' });
      applied = epoch;
    }
  }, { code: 'state_disk_full' });
  return applied;
}

describe('a disk that is full', () => {
  const disk = smallDisk();
  after(() => { if (disk !== null) execFileSync('umount', ['-l', disk]); });

  it('stops the epochs before LMDB meets the end of it; what was applied is there afterwards', { skip: disk === null && 'mounting a tmpfs is not allowed here' }, () => {
    const { directory } = stateDirectory({}, disk as string);
    const state = directory.open(identity());
    const applied = fill(state);
    assert.ok(applied > 5);
    state.close();
    execFileSync('mount', ['-o', 'remount,size=64m', disk as string]);
    const again = directory.open(identity());
    if (again.prepared?.epoch === applied) again.applyPrepared();
    assert.deepEqual([again.quarantined, again.applied?.epoch, contents(again, 'counts').length], [null, applied, applied * 300]);
    again.close();
  });

  it('is said too where it is met in the middle of a write, and the state survives it', { skip: disk === null && 'mounting a tmpfs is not allowed here' }, () => {
    // The check before each write looks away: as if another program had filled the disk meanwhile.
    const root = join(disk as string, 'unchecked');
    mkdirSync(root);
    const { directory } = stateDirectory({ freeBytes: () => Infinity }, root);
    const state = directory.open(identity());
    const applied = fill(state);
    assert.throws(() => { state.prepare({ epoch: applied + 1, nonce: 'n' }); }, { code: 'state_disk_full' });
    state.close();
    execFileSync('mount', ['-o', 'remount,size=128m', disk as string]);
    const again = directory.open(identity());
    if (again.prepared?.epoch === applied) again.applyPrepared();
    assert.deepEqual([again.quarantined, again.applied?.epoch, contents(again, 'counts').length], [null, applied, applied * 300]);
    again.close();
  });
});
