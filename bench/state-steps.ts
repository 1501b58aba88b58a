// One step of `bench/state.ts`, in a process of its own so that what it costs is its own: node state-steps.ts STEP DIR KEYS; prints its figures as JSON.
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { timeToBinary } from '../actors/keyed/binary.ts';
import { createStateDirectory } from '../src/state/directory.ts';
import type { StateIdentity, TaskState } from '../actors/store.ts';

const store = 'per_minute';
const identity: StateIdentity = { topology: 'bench', task: `${store}-0`, stores: new Map([[store, { type: 'window' }]]), durability: 'process' };

const users = 1_000_000;
const minute = 60_000;
const firstWindow = 1_795_420_920_000;
/** Prime, so that its multiples come to every key once, in no order. */
const stride = 7_654_337;

/** Entries of a batch of a changelog, as `readRange` hands them over. */
const batchEntries = 5000;
const epochChanges = 3000;
const warmUpSeconds = 5;
const measuredSeconds = 30;

/** Key number n, as a window of a user has it. */
function keyOf(n: number): string {
  return `w${timeToBinary(firstWindow + Math.floor(n / users) * minute)}user-${String(n % users).padStart(7, '0')}`;
}

function valueOf(n: number, round: number): [number, [number, number], number, number] {
  return [firstWindow + n, [n / 8 + round, round + 1], round, 99.9];
}

function memory(name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

function open(dir: string): { state: TaskState; milliseconds: number } {
  const at = performance.now();
  const state = createStateDirectory(dir).open(identity);
  if (state.prepared !== null) state.applyPrepared();
  state.store(store).get(keyOf(1));
  return { state, milliseconds: performance.now() - at };
}

/** Figures of a step, by name. */
type Figures = Readonly<Record<string, number>>;

async function restore(dir: string, keys: number): Promise<Figures> {
  const { state } = open(dir);
  let busy = 0;
  let longest = 0;
  const timed = <T>(work: () => T): T => {
    const at = performance.now();
    const result = work();
    const took = performance.now() - at;
    busy += took;
    longest = Math.max(longest, took);
    return result;
  };
  for (let from = 0; from < keys; from += batchEntries) {
    const entries = Array.from({ length: Math.min(batchEntries, keys - from) }, (_, index) => {
      const n = ((from + index) * stride) % keys;
      return { key: Buffer.from(keyOf(n), 'latin1'), value: Buffer.from(JSON.stringify(valueOf(n, 0))) };
    });
    timed(() => { state.restore(store, entries, from + entries.length); });
    await nextTurn();
  }
  while (timed(() => state.continueRestore())) await nextTurn();
  timed(() => { state.restored({ epoch: 0, nonce: 'restored' }); });
  const { entries, bytes } = state.size;
  if (entries !== keys) throw new Error(`There are ${entries} entries, expected ${keys}.`);
  const at = performance.now();
  await state.flush();
  state.close();
  return { rate: keys / (busy / 1000), longest, bytes, close: performance.now() - at, peak: memory('VmHWM') };
}

async function update(dir: string, keys: number): Promise<Figures> {
  const { state, milliseconds } = open(dir);
  const checkpoints: number[] = [];
  const begun = performance.now() + warmUpSeconds * 1000;
  let updates = 0;
  let seed = 1;
  const changes = state.store(store);
  for (let epoch = 1; performance.now() < begun + measuredSeconds * 1000; epoch++) {
    for (let change = 0; change < epochChanges; change++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      const n = Math.floor((seed / 2 ** 32) * keys);
      if (changes.get(keyOf(n)) === undefined) throw new Error(`Key ${n} is not there.`);
      changes.put(keyOf(n), valueOf(n, epoch));
    }
    const at = performance.now();
    state.seal(store);
    if (state.sealed().length === 0) throw new Error('Nothing was changed.');
    state.prepare({ epoch, nonce: `n${epoch}` });
    state.apply({ epoch, nonce: `n${epoch}` });
    if (at >= begun) {
      updates += epochChanges;
      checkpoints.push(performance.now() - at);
    }
    await nextTurn();
  }
  checkpoints.sort((a, b) => a - b);
  const at = (part: number): number => checkpoints[Math.floor(checkpoints.length * part)] as number;
  return { open: milliseconds, rate: updates / ((performance.now() - begun) / 1000), p50: at(0.5), p99: at(0.99), bytes: state.size.bytes, resident: memory('VmRSS'), mapped: memory('RssFile') };
}

function reopen(dir: string): Figures {
  const { state, milliseconds } = open(dir);
  if (state.quarantined !== null) throw new Error(state.quarantined.reason);
  state.close();
  return { open: milliseconds };
}

const [, , step = '', dir = '', keys = ''] = process.argv;
const steps: Readonly<Record<string, () => Promise<Figures> | Figures>> = { restore: () => restore(dir, Number(keys)), update: () => update(dir, Number(keys)), reopen: () => reopen(dir) };
console.log(JSON.stringify(await steps[step]?.()));
// As a kill leaves it: what is not closed by now stays so.
process.kill(process.pid, 'SIGKILL');
