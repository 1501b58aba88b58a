// Counts epochs in a state directory as fast as it can, and says each step before and after it; it ends by a kill.
import { writeSync } from 'node:fs';
import { createStateDirectory } from '../../src/state/directory.ts';
import { identity } from '../support/state.ts';

const [, , root = '', first = '0'] = process.argv;
const state = createStateDirectory(root, { writeDelay: 1 }).open(identity());
for (let epoch = Number(first); ; epoch++) {
  const store = state.store('counts');
  // Every epoch moves 200 entries and keeps the sum of what it holds equal to itself.
  for (let index = 0; index < 200; index++) {
    store.put(`${epoch}-${index}`, epoch);
    store.delete(`${epoch - 1}-${index}`);
  }
  store.put('epoch', epoch);
  const attempt = { epoch, nonce: `n${epoch}` };
  state.seal('counts');
  state.prepare(attempt);
  writeSync(1, `committed ${epoch}\n`);
  state.apply(attempt);
}
