import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bootId } from '../../src/state/boot-id.ts';
import { summarize } from '../../src/state/inspect.ts';
import { TaskFolder } from '../../src/state/task-folder.ts';
import { verifyTask } from '../../src/state/verify.ts';
import { afterKill, applyEpoch, contents, identity, stateDirectory, stateFolder, taskFolder } from '../support/state.ts';

const before = 'a-boot-before';
const after = 'the-boot-after';
const orders = { topology: 'orders', task: null };

/** What a kill leaves of a task that applied an epoch and prepared another. */
function killed(durability: 'process' | 'power', boot: string): string {
  const { root, directory } = stateDirectory({ bootId: boot });
  const state = directory.open(identity(undefined, durability));
  applyEpoch(state, 1, { a: 1 });
  state.store('counts').put('b', 2);
  state.seal('counts');
  state.prepare({ epoch: 2, nonce: 'n2' });
  const copy = afterKill(root);
  state.close();
  return copy;
}

/** The state as it is opened: whether it was given up, and its entries once the prepared epoch is applied. */
function opened(root: string, durability: 'process' | 'power', boot: string): unknown[] {
  const state = stateDirectory({ bootId: boot }, root).directory.open(identity(undefined, durability));
  if (state.prepared !== null) state.applyPrepared();
  const found = [state.quarantined, state.applied?.epoch, contents(state, 'counts').map(([key]) => key)];
  state.close();
  return found;
}

describe('state that is not flushed (durability: process)', () => {
  const lost = { reason: 'the machine started anew before its state was flushed', path: null };

  it('survives a kill', () => {
    assert.deepEqual(opened(killed('process', before), 'process', before), [null, 2, ['a', 'b']]);
  });

  it('is not used after another start of the machine, however sound it looks, and begins empty', () => {
    const root = killed('process', before);
    assert.deepEqual(opened(root, 'process', after), [lost, undefined, []]);
    assert.deepEqual(opened(root, 'process', after), [null, undefined, []]);
  });

  it('is not used either with durability: power, or where the machine does not say its boot id', () => {
    assert.deepEqual(opened(killed('process', before), 'power', after), [lost, undefined, []]);
    assert.deepEqual(opened(killed('process', before), 'process', ''), [lost, undefined, []]);
  });

  it('a mark that the loss of power left empty counts as one', () => {
    const root = killed('process', before);
    writeFileSync(join(taskFolder(root), 'unflushed'), '');
    assert.deepEqual(opened(root, 'process', before), [lost, undefined, []]);
  });

  it('is kept where the task was closed before: that flushes it', () => {
    const { root, directory } = stateDirectory({ bootId: before });
    const state = directory.open(identity());
    applyEpoch(state, 1, { a: 1 });
    assert.equal(readFileSync(join(taskFolder(root), 'unflushed'), 'utf8'), before);
    state.close();
    assert.ok(!existsSync(join(taskFolder(root), 'unflushed')));
    assert.deepEqual(opened(root, 'process', after), [null, 1, ['a']]);
  });

  it('one that begins anew is marked too', () => {
    const { root, directory } = stateDirectory({ bootId: before });
    const state = directory.open(identity());
    applyEpoch(state, 1, { a: 1 });
    state.wipe(false);
    applyEpoch(state, 1, { b: 1 });
    const copy = afterKill(root);
    state.close();
    assert.deepEqual(opened(copy, 'process', after), [lost, undefined, []]);
  });

  it('millrace state says so without opening it', () => {
    const root = killed('process', before);
    assert.equal(summarize(root, orders)[0]?.problem, lost.reason);
    assert.deepEqual(verifyTask(new TaskFolder(root, 'orders', 'counts-0')).problems, [lost.reason]);
    const own = killed('process', bootId());
    assert.equal(summarize(own, orders)[0]?.problem, null);
  });

  it('the boot id of this machine stays as it is', () => {
    assert.equal(bootId(), bootId());
    assert.equal(bootId() === '', process.platform !== 'linux');
  });
});

describe('state that is flushed', () => {
  it('is kept after another start of the machine with durability: power, and where the machine does not say its boot id', () => {
    assert.deepEqual(opened(killed('power', before), 'power', after), [null, 2, ['a', 'b']]);
    assert.deepEqual(opened(killed('process', ''), 'process', after), [null, 2, ['a', 'b']]);
  });

  it('is flushed when durability: power takes over what a kill left', () => {
    const root = killed('process', before);
    assert.deepEqual(opened(afterKill(root), 'power', before), [null, 2, ['a', 'b']]);
    const state = stateDirectory({ bootId: before }, root).directory.open(identity(undefined, 'power'));
    assert.ok(!existsSync(join(taskFolder(root), 'unflushed')));
    state.close();
  });

  it('a folder where nothing was written has nothing to flush', async () => {
    const root = stateFolder();
    const state = stateDirectory({ bootId: before }, root).directory.open(identity());
    await state.flush();
    state.close();
    await state.flush();
    assert.deepEqual(opened(root, 'process', after), [null, undefined, []]);
  });
});
