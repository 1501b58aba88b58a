import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PeerAnswer } from '../../../src/admin/peers/ask.ts';
import { gather } from '../../../src/admin/peers/gather.ts';
import type { Holder } from '../../../src/admin/peers/holder.ts';

const self = { id: 'me', url: 'http://me' };
const task = fc.integer({ min: 0, max: 7 }).map((number) => `in-${number}`);
const own = fc.record({
  tasks: fc.uniqueArray(fc.record({ task, epoch: fc.option(fc.nat(5)), entries: fc.constant<Record<string, unknown>[]>([{ key: 'k' }]) }), { selector: (each) => each.task, maxLength: 4 }),
  more: fc.boolean(),
  looked: fc.uniqueArray(task)
});
const answer: fc.Arbitrary<PeerAnswer> = fc.oneof(own.map((each): PeerAnswer => ({ own: each })), fc.constant<PeerAnswer>({ why: 'gone' }));
const member = fc.record({ address: fc.boolean(), tasks: fc.uniqueArray(task), answer });

describe('state under a key, from all daemons of a group', () => {
  it('has each task that any of them has once, its latest epoch, and names whoever was not heard', () => fc.assert(fc.asyncProperty(own, fc.uniqueArray(task), fc.array(member, { maxLength: 5 }), async (here, given, members) => {
    const holders: Holder[] = members.map(({ address, tasks }, index) => ({ member: `m${index}`, peer: address ? { id: String(index), url: `http://${index}` } : null, tasks }));
    const asked: string[] = [];
    const got = await gather({
      self, own: here, given, others: Promise.resolve(holders),
      ask: (peer) => {
        asked.push(peer.url);
        return Promise.resolve(members[Number(peer.id)]?.answer ?? { why: 'nobody' });
      }
    });
    // The model: who was heard is everybody with tasks, an address and an answer.
    const busy = members.flatMap((each, index) => (each.tasks.length > 0 ? [{ ...each, url: `http://${index}`, member: `m${index}` }] : []));
    const heard = [{ url: self.url, own: here, given }, ...busy.flatMap(({ address, answer: said, url, tasks }) => (address && 'own' in said ? [{ url, own: said.own, given: tasks }] : []))];
    assert.deepEqual(asked, busy.filter(({ address }) => address).map(({ url }) => url));
    const all = heard.flatMap(({ url, own: said }) => said.tasks.map((each) => ({ ...each, daemon: url })));
    for (const name of new Set(all.map((each) => each.task))) {
      const latest = Math.max(...all.filter((each) => each.task === name).map(({ epoch }) => epoch ?? -1));
      const shown = got.tasks.filter((each) => each.task === name);
      assert.deepEqual(shown.map(({ epoch }) => epoch ?? -1), [latest]);
      assert.ok(all.some((each) => JSON.stringify(each) === JSON.stringify(shown[0])));
    }
    assert.equal(got.tasks.length, new Set(all.map((each) => each.task)).size);
    assert.equal(got.more, heard.some(({ own: said }) => said.more));
    const looked = new Set(heard.flatMap(({ own: said }) => said.looked));
    assert.deepEqual(got.looked, [...looked].toSorted());
    const silent = busy.filter(({ address, answer: said }) => !address || 'why' in said).map(({ member: id }) => id);
    const closed = heard.filter((each) => each.given.some((name) => !looked.has(name))).map(({ url }) => url);
    assert.equal(got.unanswered.length, silent.length + closed.length);
    for (const id of silent) assert.ok(got.unanswered.some((each) => each.member === id));
    for (const url of closed) assert.ok(got.unanswered.some((each) => each.daemon === url && each.why.includes('no state open')));
  }), { numRuns: 300 }));

  it('says so where the broker does not tell who the others are', async () => {
    const here = { tasks: [], more: false, looked: ['in-0'] };
    const { unanswered } = await gather({ self, own: here, given: ['in-0'], others: Promise.reject(new Error('it is away')), ask: () => Promise.reject(new Error('nobody is asked')) });
    assert.deepEqual(unanswered, [{ daemon: null, member: null, why: 'who else has tasks is not known: it is away' }]);
  });

  it('asks 64 daemons at most, and names the others', async () => {
    const holders = Array.from({ length: 70 }, (_, index): Holder => ({ member: `m${index}`, peer: { id: 'x', url: `http://${index}` }, tasks: [`in-${index}`] }));
    let asked = 0;
    const ask = (): Promise<PeerAnswer> => Promise.resolve({ own: { tasks: [], more: false, looked: [`in-${asked++}`] } });
    const { unanswered, looked } = await gather({ self, own: { tasks: [], more: false, looked: [] }, given: [], others: Promise.resolve(holders), ask });
    assert.deepEqual([asked, looked.length, unanswered.map(({ member: id }) => id)], [64, 64, ['m64', 'm65', 'm66', 'm67', 'm68', 'm69']]);
  });
});
