import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { bytes, TableWorld } from './support.ts';
import type { Opened } from './support.ts';

const users = { users: { type: 'kafka', topic: 'users' } };

/** A machine with a table of two rows, closed in good order. */
async function closedTable(): Promise<TableWorld> {
  const world = new TableWorld();
  await world.topic('users');
  await world.put('users', [['a', { name: 'first row' }], ['b', { name: 'second row' }]]);
  const { set } = world.open(users);
  await set.ready();
  await set.close();
  return world;
}

/** The folder of the table. */
function folderOf(world: TableWorld): string {
  return join(world.dir, 'tables', 'test', 'users');
}

function dataFile(world: TableWorld): string {
  const generation = readdirSync(folderOf(world)).filter((name) => /^\d+$/.test(name));
  assert.equal(generation.length, 1, generation.join());
  return join(folderOf(world), generation[0] as string, 'data.mdb');
}

/** Opens the table again, and looks whether it is right; the offsets from which it was read. */
async function openAgain(world: TableWorld, look = true): Promise<Opened & { readonly reads: readonly number[] }> {
  const reads: number[] = [];
  const readRange: Broker['readRange'] = (...args) => {
    reads.push(args[1]);
    return world.broker.readRange(...args);
  };
  const opened = world.open(users, { broker: { ...world.broker, readRange } });
  await opened.set.ready();
  if (look) assert.deepEqual([opened.get('a'), opened.get('b')], [{ name: 'first row' }, { name: 'second row' }]);
  return { ...opened, reads };
}

function edit(file: string, change: (content: Buffer) => void): void {
  const content = readFileSync(file);
  change(content);
  writeFileSync(file, content, { flag: 'r+' });
}

describe('a table on disk', () => {
  it('is used again after a clean end', async () => {
    assert.deepEqual((await openAgain(await closedTable())).reads, []);
  });

  it('is used again after a kill, once; opened twice without a clean end it is read anew, for it may be what ended the process', async () => {
    const world = await closedTable();
    for (const reads of [[], [], [0], [], [0]]) {
      const opened = await openAgain(world);
      assert.deepEqual(opened.reads, reads);
      await world.kill(opened);
    }
  });

  for (const [what, harm] of [
    ['its head is overwritten', (world) => { edit(dataFile(world), (content) => content.fill(0xff, 0, 4096)); }],
    ['both heads are overwritten', (world) => { edit(dataFile(world), (content) => content.fill(0, 0, 8192)); }],
    ['its end is cut off', (world) => { truncateSync(dataFile(world), 3 * 4096); }],
    ['it is empty', (world) => { truncateSync(dataFile(world), 0); }],
    ['the machine was started again', (world) => { edit(join(folderOf(world), 'kept.json'), (content) => content.write('0000', content.indexOf('"boot":"') + 8)); }],
    ['what is noted beside it is cut off', (world) => { truncateSync(join(folderOf(world), 'kept.json'), 20); }],
    ['what is noted beside it is something else', (world) => { writeFileSync(join(folderOf(world), 'kept.json'), 'null'); }]
  ] as readonly (readonly [string, (world: TableWorld) => void])[]) {
    it(`is read anew where ${what}`, async () => {
      const world = await closedTable();
      harm(world);
      const { reads, set } = await openAgain(world);
      assert.deepEqual(reads, [0]);
      await set.close();
      assert.deepEqual((await openAgain(world)).reads, []);
    });
  }

  it('is read anew where a row turns out to be damaged, and nobody gets that row', async () => {
    const world = await closedTable();
    // What was looked up before is still in memory.
    const { set, get, reads } = await openAgain(world, false);
    edit(dataFile(world), (content) => {
      for (let at = content.indexOf('second row'); at >= 0; at = content.indexOf('second row', at + 1)) content.write('s', at + 1);
    });
    assert.throws(() => get('b'), { code: 'table_unavailable', message: /row "b" is damaged on disk/ });
    assert.deepEqual(get('a'), { name: 'first row' });
    await set.ready();
    assert.deepEqual([get('b'), reads], [{ name: 'second row' }, [0]]);
  });

  it('goes with its topology: tables that are not named any more are taken off the disk', async () => {
    const world = await closedTable();
    const { set } = world.open({ others: { type: 'kafka', topic: 'users' } });
    await set.ready();
    assert.deepEqual(readdirSync(join(world.dir, 'tables', 'test')), ['others']);
  });

  it('waits for the one before it to be closed', async () => {
    const world = await closedTable();
    const keeper = world.keeper();
    const first = world.open(users, { keeper });
    await first.set.ready();
    const second = world.open(users, { keeper });
    let isReady = false;
    const ready = second.set.ready().then(() => { isReady = true; });
    await world.put('users', [['c', { name: 'third row' }]]);
    await first.set.ready();
    assert.equal(isReady, false);
    await first.set.close();
    await ready;
    assert.deepEqual(second.set.view('users').get(Buffer.from(bytes('c')).toString('latin1')), { name: 'third row' });
  });
});
