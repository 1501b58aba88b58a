import assert from 'node:assert/strict';
import { Member, memberSettings } from './member.ts';
import { brokerCase, rejectsWith, transact } from './support.ts';
import type { Case } from './support.ts';

/** Offsets of a group as an operator sees and sets them. */
export const offsetCases: readonly Case[] = [
  brokerCase('an operator commits offsets of a group that has nobody, also one that never was', async (broker, backend) => {
    const topic = await backend.newTopic(2);
    const group = backend.newGroup();
    const [one, two] = [{ topic, partition: 0 }, { topic, partition: 1 }];
    assert.deepEqual(await broker.groupMembers(group), []);
    await broker.commitOffsets(group, [{ ...one, offset: 4, metadata: 'a' }]);
    assert.deepEqual(await broker.committed(group, [one, two]), [{ offset: 4, metadata: 'a' }, null]);
    await transact(broker, async (transaction) => {
      await transaction.sendOffsets(group, [{ ...one, offset: 9, metadata: 'b' }]);
      await transaction.commit();
    });
    await broker.commitOffsets(group, [{ ...one, offset: 2, metadata: 'c' }, { ...two, offset: 0, metadata: '' }]);
    assert.deepEqual(await broker.committed(group, [one, two]), [{ offset: 2, metadata: 'c' }, { offset: 0, metadata: '' }]);
  }),

  brokerCase('a group with a member names it and refuses a commit from outside; once it has left it takes one, and a member goes on', async (broker, backend) => {
    const topic = await backend.newTopic(1);
    const group = backend.newGroup();
    const at = { topic, partition: 0 };
    const member = await Member.start(broker, memberSettings(group, [topic]));
    await member.untilAssigned(1);
    await member.commit([{ ...at, offset: 3, metadata: 'member' }]);
    const members = await broker.groupMembers(group);
    assert.equal(members.length, 1);
    for (const text of Object.values(members[0] ?? {}) as string[]) assert.notEqual(text, '');
    await rejectsWith('group_in_use', () => broker.commitOffsets(group, [{ ...at, offset: 1, metadata: 'operator' }]));
    assert.deepEqual(await broker.committed(group, [at]), [{ offset: 3, metadata: 'member' }]);
    await member.stop();
    assert.deepEqual(await broker.groupMembers(group), []);
    await broker.commitOffsets(group, [{ ...at, offset: 1, metadata: 'operator' }]);
    assert.deepEqual(await broker.committed(group, [at]), [{ offset: 1, metadata: 'operator' }]);
    const next = await Member.start(broker, memberSettings(group, [topic]));
    await next.untilAssigned(1);
    await next.commit([{ ...at, offset: 2, metadata: 'next' }]);
    await next.stop();
  })
];
