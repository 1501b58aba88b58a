import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { hasAllPositions, openPositions, readPositions } from '../../src/state/positions.ts';
import type { RememberedTask } from '../../actors/remembered.ts';

const some = (epoch: number): RememberedTask => ({ epoch, nonce: 'abc', offsets: { orders: { 0: 5, 11: 7 }, constructor: { 1: 0 } } });

describe('remembered positions', () => {
  let root = '';
  let dir = '';
  let count = 0;
  before(() => { root = mkdtempSync(join(tmpdir(), 'millrace-positions-')); });
  beforeEach(() => { dir = join(root, `${count++}`); });
  after(() => { rmSync(root, { recursive: true }); });

  it('come back, now and after opening again', () => {
    const first = openPositions(dir, (error) => { throw error; });
    assert.equal(first.get('orders-0'), null);
    first.put('orders-0', some(1));
    first.put('orders-0', some(2));
    first.put('../a/b é-0', some(4));
    first.put('orders-1', some(3));
    first.delete('orders-1');
    first.delete('never-0');
    assert.deepEqual(first.get('orders-0'), some(2));
    first.close();
    const second = openPositions(dir, (error) => { throw error; });
    assert.equal(second.quarantined, null);
    assert.deepEqual([second.get('orders-0'), second.get('orders-1'), second.get('../a/b é-0')], [some(2), null, some(4)]);
    second.close();
    assert.deepEqual(readdirSync(dir), ['positions']);
  });

  it('say whether the daemon that had them ended by itself, and hold watermarks beside the offsets', () => {
    const full = { ...some(1), watermarks: { orders: { 0: 1000 } }, nodes: { counts: 500 }, counts: { abc: 4 }, late: ['abc'], since: 1 };
    const first = openPositions(dir, (error) => { throw error; });
    first.put('orders-0', full);
    assert.equal(hasAllPositions(dir), false);
    first.close();
    assert.equal(hasAllPositions(dir), true);
    assert.deepEqual(readPositions(dir, 'orders-0'), full);
    openPositions(dir, (error) => { throw error; });
    assert.equal(hasAllPositions(dir), false);
  });

  for (const text of ['', '{"epoch":4,"non', 'null', '[]', '{"epoch":1,"nonce":"a"}', '{"epoch":1,"nonce":"a","offsets":null}']) {
    it(`what cannot be read is put aside, and the others stay: ${JSON.stringify(text)}`, () => {
      const first = openPositions(dir, (error) => { throw error; });
      first.put('good-0', some(1));
      first.put('bad-0', some(2));
      first.close();
      writeFileSync(join(dir, 'positions', 'bad-0.json'), text);
      const second = openPositions(dir, (error) => { throw error; });
      assert.match(basename(second.quarantined ?? ''), /^bad-0\.json\.corrupt-/);
      assert.equal(readFileSync(second.quarantined as string, 'utf8'), text);
      assert.deepEqual([second.get('good-0'), second.get('bad-0')], [some(1), null]);
      second.put('bad-0', some(3));
      second.close();
      const third = openPositions(dir, (error) => { throw error; });
      assert.deepEqual([third.quarantined, third.get('bad-0')], [null, some(3)]);
    });
  }

  it('a write that was cut short changes nothing', () => {
    const first = openPositions(dir, (error) => { throw error; });
    first.put('orders-0', some(1));
    writeFileSync(join(dir, 'positions', 'orders-0.json.new'), '{"epo');
    const second = openPositions(dir, (error) => { throw error; });
    assert.deepEqual([second.quarantined, second.get('orders-0')], [null, some(1)]);
    second.put('orders-0', some(2));
    second.close();
    assert.deepEqual(readdirSync(join(dir, 'positions')), ['orders-0.json', 'stopped']);
  });

  it('a folder that cannot be written fails nothing, and says so', () => {
    const errors: unknown[] = [];
    const positions = openPositions(dir, (error) => errors.push(error));
    rmSync(join(dir, 'positions'), { recursive: true });
    positions.put('orders-0', some(1));
    assert.equal(errors.length, 1);
    assert.deepEqual(positions.get('orders-0'), some(1));
  });
});
