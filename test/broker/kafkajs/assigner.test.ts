import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { assign, type Member, type Unit } from '../../../src/broker/assigner.ts';
import { assignerName, decodeAssignment, decodeMember, encodeAssignment, encodeMember } from '../../../src/broker/kafkajs/group-wire.ts';

const counts = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 4 });
const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 });
const anyUnits = fc.array(fc.record({ group: fc.integer({ min: 0, max: 5 }), partition: fc.integer({ min: -1, max: 25 }) }), { maxLength: 30 });

function key({ group, partition }: Unit): string {
  return `${group}/${partition}`;
}

function fresh(id: string): Member {
  return { id, signature: 's', generation: -1, owned: [] };
}

/** The members as they join again after they got what `assign` gave them. */
function settled(names: readonly string[], sizes: readonly number[]): Member[] {
  const { units } = assign(names.map(fresh), sizes);
  return names.map((id) => ({ id, signature: 's', generation: 1, owned: units.get(id)! }));
}

function total(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + size, 0);
}

test('every unit goes to one member, and shares differ by at most one, whatever members claim', () => {
  fc.assert(fc.property(ids, counts, fc.array(anyUnits), fc.array(fc.integer({ min: -1, max: 3 })), (names, sizes, owned, generations) => {
    const members = names.map((id, index) => ({ id, signature: 's', generation: generations[index] ?? -1, owned: owned[index] ?? [] }));
    const { units } = assign(members, sizes);
    const all = [...units.values()].flat().map(key);
    assert.equal(all.length, total(sizes));
    assert.equal(new Set(all).size, all.length);
    const shares = [...units.values()].map((list) => list.length);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
    const backwards = assign([...members].reverse(), sizes);
    for (const id of names) assert.deepEqual(backwards.units.get(id), units.get(id), 'the order of the members does not matter');
  }));
});

test('nothing moves when nothing changed', () => {
  fc.assert(fc.property(ids, counts, (names, sizes) => {
    const members = settled(names, sizes);
    const { units } = assign(members, sizes);
    for (const { id, owned } of members) assert.deepEqual(units.get(id), owned);
  }));
});

test('a member that leaves moves its own units only', () => {
  fc.assert(fc.property(ids.filter((names) => names.length > 1), counts, (names, sizes) => {
    const [, ...rest] = settled(names, sizes);
    const { units } = assign(rest, sizes);
    for (const { id, owned } of rest) {
      const now = new Set(units.get(id)!.map(key));
      assert.ok(owned.every((unit) => now.has(key(unit))));
    }
  }));
});

test('a member that joins takes no more than its share, and nothing else moves', () => {
  fc.assert(fc.property(ids, counts, (names, sizes) => {
    const before = settled(names, sizes);
    const { units } = assign([...before, fresh('newcomer')], sizes);
    const kept = before.flatMap(({ id, owned }) => owned.filter((unit) => units.get(id)!.some((now) => key(now) === key(unit)))).length;
    const moved = total(sizes) - kept;
    assert.equal(moved, units.get('newcomer')!.length);
    assert.ok(moved <= Math.ceil(total(sizes) / (names.length + 1)));
  }));
});

test('the later generation wins a unit that two members claim (a zombie comes back)', () => {
  const zombie: Member = { id: 'a', signature: 's', generation: 3, owned: [{ group: 0, partition: 0 }] };
  const owner: Member = { id: 'b', signature: 's', generation: 4, owned: [{ group: 0, partition: 0 }] };
  assert.deepEqual(assign([zombie, owner], [2]).units.get('b'), [{ group: 0, partition: 0 }]);
});

test('a newcomer with another plan gets nothing, even where newcomers are the majority', () => {
  const owner: Member = { id: 'z', signature: 'old', generation: 4, owned: [{ group: 0, partition: 0 }] };
  const plan = assign([{ ...fresh('a'), signature: 'new' }, { ...fresh('b'), signature: 'new' }, owner], [3]);
  assert.equal(plan.signature, 'old');
  assert.deepEqual([plan.units.get('a')!.length, plan.units.get('b')!.length, plan.units.get('z')!.length], [0, 0, 3]);
});

test('what members say survives the wire, and broken user data is let pass', () => {
  const data = { signature: 'abc', generation: 7, owned: [{ group: 0, partition: 3 }, { group: 2, partition: 0 }] };
  const bytes = encodeMember(['topic'], data);
  assert.deepEqual(decodeMember(bytes), data);
  assert.deepEqual(decodeMember(Buffer.from('nonsense')), { signature: '', generation: -1, owned: [] });
  const broken = Buffer.from(bytes);
  broken[broken.length - 1] = 0;
  assert.equal(decodeMember(broken).signature, '');
  const partitions = [{ topic: 'a', partition: 1 }, { topic: '__proto__', partition: 2 }];
  assert.deepEqual(decodeAssignment(encodeAssignment(partitions.slice(0, 1), null)), { partitions: partitions.slice(0, 1), refusedBy: null });
  assert.equal(decodeAssignment(encodeAssignment([], 'theirs')).refusedBy, 'theirs');
  assert.deepEqual(decodeAssignment(Buffer.alloc(0)), { partitions: [], refusedBy: null });
  assert.equal(assignerName, 'millrace-sticky');
});
