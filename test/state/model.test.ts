import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoreValue, TaskState } from '../../actors/store.ts';
import { afterKill, contents, identity, stateDirectory } from '../support/state.ts';

type Entries = Map<string, StoreValue>;

/** What a task's state must be, as plain maps: on disk for sure, prepared, and as its stores show it. */
interface Model {
  applied: Entries;
  prepared: Entries | null;
  sealed: Entries | null;
  now: Entries;
  epoch: number;
}

/** What runs, and its model. */
class Run {
  root = '';
  state: TaskState;
  readonly model: Model = { applied: new Map(), prepared: null, sealed: null, now: new Map(), epoch: 0 };

  constructor() {
    const { root, directory } = stateDirectory();
    this.root = root;
    this.state = directory.open(identity());
  }

  get store(): ReturnType<TaskState['store']> {
    return this.state.store('counts');
  }
}

type Step = (run: Run) => void;

const key = fc.oneof(fc.constantFrom('', '\0', '\0a', 'a', 'b', 'c', '\xff'), fc.string({ maxLength: 3 }).map((text) => Buffer.from(text).toString('latin1')), fc.constantFrom('l'.repeat(1900), 'l'.repeat(1901), 'm'.repeat(3000)));
const value: fc.Arbitrary<StoreValue> = fc.oneof(fc.integer(), fc.constant(null), fc.string(), fc.record({ count: fc.nat(), list: fc.array(fc.string(), { maxLength: 3 }) }, { noNullPrototype: true }));

const put = fc.record({ key, value }).map(({ key, value }): Step => ({ store, model }) => { store.put(key, value); model.now.set(key, value); });
const remove = key.map((key): Step => ({ store, model }) => { store.delete(key); model.now.delete(key); });
const get = key.map((key): Step => ({ store, model }) => { assert.deepEqual(store.get(key), model.now.get(key)); });

/** Reads a range and changes what it reads. */
const range = fc.tuple(key, key, fc.boolean()).map(([from, to, expire]): Step => ({ store, model }) => {
  const wanted = inOrder(model.now).filter(([key]) => key >= from && key < to);
  const seen: (readonly [string, StoreValue])[] = [];
  for (const entry of store.range(from, to)) {
    seen.push(entry);
    if (!expire) continue;
    store.delete(entry[0]);
    model.now.delete(entry[0]);
  }
  // Keys that are longer than LMDB takes lie together, in an order of their own.
  assert.deepEqual(seen.toSorted(byKey), wanted);
  assert.deepEqual(short(seen), short(wanted));
});

const checkpoint = fc.boolean().map((isLate): Step => (run) => {
  const { state, store, model } = run;
  const attempt = { epoch: ++model.epoch, nonce: `n${model.epoch}` };
  model.sealed = new Map(model.now);
  state.seal('counts');
  const told = new Map(state.sealed().map(({ key, value }) => [Buffer.from(key).toString('latin1'), value]));
  for (const [key, value] of told) assert.deepEqual(value === null ? undefined : JSON.parse(Buffer.from(value).toString()), model.sealed.get(key));
  // The next epoch fills while this one is committed.
  if (isLate) put1(run, 'late', model.epoch);
  state.prepare(attempt);
  if (isLate) put1(run, 'later', model.epoch);
  state.apply(attempt);
  model.applied = model.sealed;
  assert.deepEqual(state.applied, attempt);
  assert.equal(store.get('later'), model.now.get('later'));
});

function put1({ store, model }: Run, key: string, value: number): void {
  store.put(key, value);
  model.now.set(key, value);
}

/** The process is killed; the broker may have committed what is prepared, or not. */
const kill = fc.record({ at: fc.constantFrom('between', 'prepared'), committed: fc.boolean() }).map(({ at, committed }): Step => (run) => {
  const { model } = run;
  const attempt = { epoch: model.epoch + 1, nonce: `last${model.epoch}` };
  if (at === 'prepared') {
    run.state.seal('counts');
    run.state.prepare(attempt);
    model.prepared = new Map(model.now);
  }
  const before = run.state.applied;
  const copy = afterKill(run.root);
  run.state.close();
  run.root = copy;
  run.state = stateDirectory({}, copy).directory.open(identity());
  assert.equal(run.state.quarantined, null);
  settle(run, at === 'prepared' ? (committed ? attempt : before) : before);
  model.now = new Map(model.applied);
  assert.deepEqual(contents(run.state, 'counts').toSorted(byKey), inOrder(model.now));
});

/** What the runtime does at a start: `committed` is what the broker says. */
function settle({ state, model }: Run, committed: TaskState['applied']): void {
  const { prepared } = state;
  if (prepared !== null && prepared.nonce === committed?.nonce) state.applyPrepared();
  else state.discardPrepared();
  assert.deepEqual([state.applied, state.prepared], [committed, null]);
  if (model.prepared !== null && prepared?.nonce === committed?.nonce) {
    model.applied = model.prepared ?? model.applied;
    model.epoch++;
  }
  model.prepared = null;
}

const restore = fc.array(fc.record({ key, value: fc.option(value) }), { maxLength: 5 }).map((entries): Step => (run) => {
  const { model } = run;
  run.state.close();
  run.state = stateDirectory({}, run.root).directory.open(identity());
  model.now = new Map(model.applied);
  const bytes = entries.map(({ key, value }) => ({ key: Buffer.from(key, 'latin1'), value: value === null ? null : Buffer.from(JSON.stringify(value)) }));
  run.state.restore('counts', bytes, model.epoch);
  for (const { key, value } of entries) if (value === null) model.now.delete(key); else model.now.set(key, value);
  assert.deepEqual([run.state.applied, run.state.changelogPosition('counts')], [null, model.epoch]);
  run.state.restored({ epoch: ++model.epoch, nonce: 'restored' });
  model.applied = new Map(model.now);
});

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function inOrder(entries: Entries): (readonly [string, StoreValue])[] {
  return [...entries].toSorted(byKey);
}

function short(entries: readonly (readonly [string, StoreValue])[]): (readonly [string, StoreValue])[] {
  return entries.filter(([key]) => key.length < 1900);
}

describe('the state of a task, beside plain maps', () => {
  it('is the same after any sequence of changes, checkpoints, kills and restores', () => {
    const step = fc.oneof({ weight: 8, arbitrary: put }, { weight: 3, arbitrary: remove }, { weight: 3, arbitrary: get }, { weight: 3, arbitrary: range }, { weight: 4, arbitrary: checkpoint }, { weight: 1, arbitrary: kill }, { weight: 1, arbitrary: restore });
    fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const run = new Run();
      for (const take of steps) take(run);
      assert.deepEqual(contents(run.state, 'counts').toSorted(byKey), inOrder(run.model.now));
      run.state.close();
    }), { numRuns: 400 });
  });
});
