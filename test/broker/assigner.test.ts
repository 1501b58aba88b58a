import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assign } from '../../src/broker/assigner.ts';
import type { Member, Plan } from '../../src/broker/assigner.ts';

const counts = fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 4 });
const people = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 1, maxLength: 6 });
/** What members claim, right or wrong: units twice, units that are gone, of several generations. */
const anyOwned = fc.array(fc.record({ group: fc.nat({ max: 4 }), partition: fc.nat({ max: 14 }) }), { maxLength: 15 });
const anyMembers = fc.uniqueArray(
  fc.record({ id: fc.stringMatching(/^[a-z]{1,4}$/), signature: fc.constant('s'), generation: fc.nat({ max: 3 }), owned: anyOwned }),
  { minLength: 1, maxLength: 6, selector: ({ id }) => id }
);

const fresh = (ids: readonly string[]): Member[] => ids.map((id) => ({ id, signature: 's', generation: 0, owned: [] }));
const after = (plan: Plan, ids: readonly string[]): Member[] =>
  ids.map((id) => ({ id, signature: 's', generation: plan.units.has(id) ? 1 : 0, owned: plan.units.get(id) ?? [] }));
const text = (plan: Plan, id: string): string[] => (plan.units.get(id) ?? []).map(({ group, partition }) => `${group}/${partition}`);
const total = (list: readonly number[]): number => list.reduce((sum, count) => sum + count, 0);

describe('assigning units to members', () => {
  it('gives every unit to exactly one member, evenly, whatever members claim', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, sizes) => {
        const plan = assign(members, sizes);
        const units = [...plan.units.keys()].flatMap((id) => text(plan, id));
        const expected = sizes.flatMap((count, group) => Array.from({ length: count }, (_, partition) => `${group}/${partition}`));
        assert.deepEqual(units.toSorted(), expected.toSorted());
        const loads = [...plan.units.values()].map(({ length }) => length);
        assert.ok(Math.max(...loads) - Math.min(...loads) <= 1);
      })
    );
  });

  it('gives the same answer in whatever order members come', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, sizes) => {
        const one = assign(members, sizes);
        const two = assign(members.toReversed(), sizes);
        for (const { id } of members) assert.deepEqual(text(one, id), text(two, id));
      })
    );
  });

  it('moves nothing when nothing changed', () => {
    fc.assert(
      fc.property(people, counts, (ids, sizes) => {
        const one = assign(fresh(ids), sizes);
        const two = assign(after(one, ids), sizes);
        for (const id of ids) assert.deepEqual(text(two, id), text(one, id));
      })
    );
  });

  it('a leaver moves only its own units', () => {
    fc.assert(
      fc.property(people.filter(({ length }) => length > 1), counts, (ids, sizes) => {
        const one = assign(fresh(ids), sizes);
        const left = ids.slice(1);
        const two = assign(after(one, left), sizes);
        for (const id of left) assert.deepEqual(text(one, id).filter((unit) => !text(two, id).includes(unit)), []);
      })
    );
  });

  it('a joiner moves only what it gets, at most its even share', () => {
    fc.assert(
      fc.property(people.filter(({ length }) => length > 1), counts, (ids, sizes) => {
        const present = ids.slice(1);
        const one = assign(fresh(present), sizes);
        const two = assign(after(one, ids), sizes);
        const moved = present.flatMap((id) => text(one, id).filter((unit) => !text(two, id).includes(unit)));
        assert.deepEqual(moved.toSorted(), text(two, ids[0] as string).toSorted());
        assert.ok(moved.length <= Math.ceil(total(sizes) / ids.length));
      })
    );
  });

  it('the later generation wins a unit that two members claim (a zombie comes back)', () => {
    const zombie: Member = { id: 'a', signature: 's', generation: 3, owned: [{ group: 0, partition: 0 }] };
    const owner: Member = { id: 'b', signature: 's', generation: 4, owned: [{ group: 0, partition: 0 }] };
    assert.deepEqual(assign([zombie, owner], [2]).units.get('b'), [{ group: 0, partition: 0 }]);
  });

  it('a newcomer with another plan gets nothing, even where newcomers are the majority', () => {
    const owner: Member = { id: 'z', signature: 'old', generation: 4, owned: [{ group: 0, partition: 0 }] };
    const plan = assign([{ id: 'a', signature: 'new', generation: -1, owned: [] }, { id: 'b', signature: 'new', generation: -1, owned: [] }, owner], [3]);
    assert.equal(plan.signature, 'old');
    assert.deepEqual([plan.units.get('a')!.length, plan.units.get('b')!.length, plan.units.get('z')!.length], [0, 0, 3]);
  });

  it('a zombie with an older plan does not take the group over, however much it owned', () => {
    const owned = [0, 1, 2].map((partition) => ({ group: 0, partition }));
    const zombie: Member = { id: 'a', signature: 'old', generation: 3, owned };
    const owner: Member = { id: 'b', signature: 'new', generation: 4, owned: owned.slice(0, 2) };
    assert.equal(assign([zombie, owner], [3]).signature, 'new');
  });
});
