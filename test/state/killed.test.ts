import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { contents, identity, stateDirectory } from '../support/state.ts';

/** Lets a process count epochs in a folder, kills it after some of them, and returns the last it said to be committed. */
async function killOne(root: string, first: number, epochs: number, wait: number): Promise<number> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'killed.ts'), root, `${first}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (said.split('\n').length <= epochs && child.exitCode === null) await once(child.stdout, 'data');
  await sleep(wait);
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(child.signalCode, 'SIGKILL');
  return Number(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1)?.split(' ')[1]);
}

describe('kill -9', () => {
  it('between and in the middle of the steps, again and again: the state is a whole epoch, never one before the last that was committed', async () => {
    const { root, directory } = stateDirectory();
    let next = 1;
    for (let round = 0; round < 12; round++) {
      const committed = await killOne(root, next, 1 + round * 3, (round * 7) % 5);
      const state = directory.open(identity());
      assert.equal(state.quarantined, null);
      const { prepared, applied } = state;
      // The broker has committed what was said; what was prepared after it may be, or not.
      if (prepared !== null && (prepared.epoch <= committed || round % 2 === 0)) state.applyPrepared();
      else state.discardPrepared();
      const epoch = state.applied?.epoch ?? 0;
      assert.ok(epoch === committed || epoch === committed + 1, `committed ${committed}, applied ${applied?.epoch}, prepared ${prepared?.epoch}, after it ${epoch}`);
      const entries = contents(state, 'counts');
      assert.equal(entries.length, 201);
      assert.ok(entries.every(([, value]) => value === epoch));
      state.close();
      next = epoch + 1;
    }
  });
});
