import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { watchDirectory } from '../../src/state/watched-directory.ts';
import { identity, stateDirectory } from '../support/state.ts';

const keys = fc.constantFrom('a', 'b', 'ba', 'c', 'd', '\xfe');
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('put' as const), key: keys, value: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), key: keys }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('epoch' as const) }) }
);

describe('what onlookers see of a store', () => {
  it('is what the applied epoch left, whatever was put, sealed or prepared since', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), keys, keys, (steps, from, to) => {
        const directory = watchDirectory(stateDirectory().directory);
        const state = directory.open(identity());
        const store = state.store('counts');
        const filling = new Map<string, number>();
        let applied = new Map<string, number>();
        let epoch = 0;
        const check = (): void => {
          const wanted = [...applied].toSorted(([a], [b]) => (a < b ? -1 : 1));
          assert.deepEqual([...state.appliedRange('counts', '', '\xff')], wanted);
          assert.deepEqual([...state.appliedRange('counts', from, to)], wanted.filter(([key]) => key >= from && key < to));
        };
        for (const each of steps) {
          if (each.do === 'put') {
            store.put(each.key, each.value);
            filling.set(each.key, each.value);
          } else if (each.do === 'delete') {
            store.delete(each.key);
            filling.delete(each.key);
          } else {
            const attempt = { epoch: (epoch += 1), nonce: 'n' };
            const sealed = new Map(filling);
            state.seal('counts');
            check();
            state.prepare(attempt);
            check();
            store.put('c', 100);
            filling.set('c', 100);
            check();
            state.apply(attempt);
            applied = sealed;
          }
          check();
        }
        assert.equal(state.applied?.epoch ?? 0, epoch);
        state.close();
      }),
      { numRuns: 60 }
    );
  });

  it('is there for the tasks that are open, by their names', () => {
    const directory = watchDirectory(stateDirectory().directory);
    const { topology } = identity();
    assert.deepEqual(directory.opened(topology), []);
    const state = directory.open(identity());
    assert.deepEqual(directory.opened(topology).map(({ task, stores }) => [task, [...stores.keys()]]), [[identity().task, ['counts']]]);
    state.close();
    state.close();
    assert.deepEqual(directory.opened(topology), []);
  });
});
