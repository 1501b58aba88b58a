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
  fc.record({
    id: fc.stringMatching(/^[a-z]{1,4}$/),
    signature: fc.constant('s'),
    generation: fc.nat({ max: 3 }),
    owned: anyOwned,
    held: anyOwned,
    pinned: fc.constant(false)
  }),
  { minLength: 1, maxLength: 6, selector: ({ id }) => id }
);

const member = (id: string, more: Partial<Member> = {}): Member => ({ id, signature: 's', generation: 0, owned: [], held: [], pinned: false, ...more });
const fresh = (ids: readonly string[]): Member[] => ids.map((id) => member(id));
const after = (plan: Plan, ids: readonly string[]): Member[] => ids.map((id) => member(id, { generation: plan.units.has(id) ? 1 : 0, owned: plan.units.get(id) ?? [] }));
/** As `after`, and each holds what it has and had. */
const holding = (plans: readonly Plan[], ids: readonly string[]): Member[] =>
  after(plans.at(-1) as Plan, ids).map((each) => ({ ...each, held: plans.flatMap(({ units }) => units.get(each.id) ?? []) }));
/** Started again: it remembers nothing but what is on its disk. */
const restarted = (old: Member): Member => ({ ...old, id: `${old.id}2`, generation: -1, owned: [] });
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

  it('what members hold moves nothing of what they own', () => {
    fc.assert(
      fc.property(people, counts, fc.array(anyOwned, { minLength: 6, maxLength: 6 }), (ids, sizes, held) => {
        const one = assign(fresh(ids), sizes);
        const two = assign(after(one, ids).map((each, index) => ({ ...each, held: held[index] ?? [] })), sizes);
        for (const id of ids) assert.deepEqual(text(two, id), text(one, id));
      })
    );
  });

  it('a member that was started again gets back just what it had, whatever else lies on disks', () => {
    fc.assert(
      fc.property(people, counts, anyOwned, (ids, sizes, stale) => {
        const one = assign(fresh(ids), sizes);
        const [first, ...others] = holding([one], ids) as [Member, ...Member[]];
        const two = assign([restarted(first), ...others.map((each) => ({ ...each, held: [...each.held, ...stale] }))], sizes);
        assert.deepEqual(text(two, `${first.id}2`).filter((unit) => !text(one, first.id).includes(unit)), []);
        if (stale.length === 0) assert.deepEqual(text(two, `${first.id}2`), text(one, first.id));
      })
    );
  });

  it('a member that comes back after others took over gets only what it holds, and nobody else moves', () => {
    fc.assert(
      fc.property(people.filter(({ length }) => length > 1), counts, (ids, sizes) => {
        const one = assign(fresh(ids), sizes);
        const left = ids.slice(1);
        const two = assign(holding([one], left), sizes);
        const gone = holding([one], ids)[0] as Member;
        const three = assign([restarted(gone), ...holding([one, two], left)], sizes);
        assert.deepEqual(text(three, `${gone.id}2`).filter((unit) => !text(one, gone.id).includes(unit)), []);
        for (const id of left) assert.deepEqual(text(three, id).filter((unit) => !text(two, id).includes(unit)), []);
      })
    );
  });

  it('pinned: what somebody holds goes to one who holds it, to who has it now before others; every unit goes to one member', () => {
    fc.assert(
      fc.property(anyMembers, counts, (members, sizes) => {
        const pinned = members.map((each) => ({ ...each, pinned: true }));
        const plan = assign(pinned, sizes);
        const units = [...plan.units.keys()].flatMap((id) => text(plan, id));
        assert.deepEqual([units.length, new Set(units).size], [total(sizes), total(sizes)]);
        const holds = ({ held }: Member, unit: string): boolean => held.some(({ group, partition }) => `${group}/${partition}` === unit);
        for (const each of pinned) {
          for (const unit of text(plan, each.id)) assert.ok(holds(each, unit) || !pinned.some((other) => holds(other, unit)), `${each.id} got ${unit}, which another holds`);
        }
        const again = assign(holding([plan], pinned.map(({ id }) => id)).map((each) => ({ ...each, pinned: true })), sizes);
        for (const { id } of pinned) assert.deepEqual(text(again, id), text(plan, id));
      })
    );
  });

  it('pinned: what nobody holds evens out what others hold', () => {
    const held = [0, 1, 2].map((partition) => ({ group: 0, partition }));
    const plan = assign([member('a', { held, pinned: true }), member('b', { pinned: true })], [3, 5]);
    assert.deepEqual([...plan.units].map(([id, list]) => [id, list.length]), [['a', 4], ['b', 4]]);
    const uneven = assign([member('a', { held, pinned: true }), member('b', { pinned: true })], [3]);
    assert.deepEqual([...uneven.units].map(([id, list]) => [id, list.length]), [['a', 3], ['b', 0]]);
  });

  it('the later generation wins a unit that two members claim (a zombie comes back)', () => {
    const zombie = member('a', { generation: 3, owned: [{ group: 0, partition: 0 }] });
    const owner = member('b', { generation: 4, owned: [{ group: 0, partition: 0 }] });
    assert.deepEqual(assign([zombie, owner], [2]).units.get('b'), [{ group: 0, partition: 0 }]);
  });

  it('a newcomer with another plan gets nothing, even where newcomers are the majority', () => {
    const owner = member('z', { signature: 'old', generation: 4, owned: [{ group: 0, partition: 0 }] });
    const newcomers = ['a', 'b'].map((id) => member(id, { signature: 'new', generation: -1 }));
    const plan = assign([...newcomers, owner], [3]);
    assert.equal(plan.signature, 'old');
    assert.deepEqual([plan.units.get('a')!.length, plan.units.get('b')!.length, plan.units.get('z')!.length], [0, 0, 3]);
  });

  it('a zombie with an older plan does not take the group over, however much it owned', () => {
    const owned = [0, 1, 2].map((partition) => ({ group: 0, partition }));
    const zombie = member('a', { signature: 'old', generation: 3, owned });
    const owner = member('b', { signature: 'new', generation: 4, owned: owned.slice(0, 2) });
    assert.equal(assign([zombie, owner], [3]).signature, 'new');
  });
});
