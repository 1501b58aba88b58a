import assert from 'node:assert/strict';
import { renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import { emptyFolder } from '../support/scratch.ts';
import { TableWorld, until } from './support.ts';
import type { Opened, OpenOptions } from './support.ts';

/** A table of a file of its own, with what changes that. */
function tableOf(name: string, text: string | Buffer | null, more: object = {}, options: OpenOptions = {}): Opened & { readonly path: string; readonly write: (text: string) => void } {
  const path = join(emptyFolder(), name);
  if (text !== null) writeFileSync(path, text);
  const opened = new TableWorld().open({ airports: { type: 'file', path, key: 'code', refresh: '100ms', ...more } }, options);
  const write = (next: string): void => {
    writeFileSync(`${path}.new`, next);
    renameSync(`${path}.new`, path);
  };
  return { ...opened, path, write };
}

const csv = 'code,name\nFRA,"Frankfurt ""Rhein"", Main"\nMUC,München\n';

describe('a table of a file', () => {
  it('reads CSV with a header row; values are texts', async () => {
    const { set, get, status } = tableOf('airports.csv', csv);
    await set.ready();
    assert.deepEqual([get('FRA'), get('MUC'), get('TXL')], [{ code: 'FRA', name: 'Frankfurt "Rhein", Main' }, { code: 'MUC', name: 'München' }, undefined]);
    assert.deepEqual([status().rows, status().type, status().ready], [2, 'file', true]);
  });

  it('reads NDJSON and JSON by a nested key, whatever JSON allows between', async () => {
    const rows = [{ code: { iata: 'FRA' }, n: 1.5 }, { code: { iata: 7 }, list: [{ x: '}]"' }] }];
    const texts = { 'a.ndjson': `\ufeff${rows.map((row) => JSON.stringify(row)).join('\r\n\n')}`, 'a.jsonl': rows.map((row) => `${JSON.stringify(row)}\n`).join(''), 'a.json': `\ufeff${JSON.stringify(rows, null, 2)}\n`, 'a.txt': JSON.stringify(rows) };
    for (const [name, text] of Object.entries(texts)) {
      const { set, get } = tableOf(name, text, { key: 'code.iata', ...(name === 'a.txt' ? { format: 'json' } : {}) });
      await set.ready();
      assert.deepEqual([get('FRA'), get('7')], rows, name);
    }
  });

  it('is read anew after a kill, into nothing that the kill left', async () => {
    const path = join(emptyFolder(), 'airports.csv');
    writeFileSync(path, csv);
    const world = new TableWorld();
    const tables = { airports: { type: 'file', path, key: 'code' } };
    for (let start = 0; start < 3; start += 1) {
      const opened = world.open(tables);
      const { set, get, status } = opened;
      await set.ready();
      assert.deepEqual([get('MUC'), status().rows], [{ code: 'MUC', name: 'München' }, 2]);
      await world.kill(opened);
    }
  });

  it('follows the file, and reads it only where its contents have changed', async () => {
    const { set, get, write, loaded, path } = tableOf('airports.csv', csv, {}, { follow: true });
    await set.ready();
    write('code,name\nFRA,Frankfurt\n');
    await until(() => get('MUC') === undefined, 'the new rows');
    assert.deepEqual(get('FRA'), { code: 'FRA', name: 'Frankfurt' });
    assert.equal(loaded.length, 2);
    utimesSync(path, new Date(), new Date(Date.now() + 5000));
    await set.refresh();
    assert.equal(loaded.length, 2);
  });

  it('sees a change that leaves time and size as they were', async () => {
    const { set, get, path } = tableOf('airports.csv', 'code,n\nFRA,1\n');
    await set.ready();
    const { atime, mtime } = statSync(path);
    writeFileSync(path, 'code,n\nFRA,2\n');
    utimesSync(path, atime, mtime);
    await set.ready();
    assert.deepEqual(get('FRA'), { code: 'FRA', n: '2' });
  });

  it('keeps the rows where a new file cannot be used, says which line is to be mended, and takes the next that can', async () => {
    const { set, get, write, status, troubles, path } = tableOf('airports.csv', csv);
    await set.ready();
    for (const [text, why] of [
      ['code,name\nFRA\n', /airports\.csv line 2: expected as many fields as the header row has\./],
      ['code,name\nFRA,"x\n', /airports\.csv line 2: expected the end of a quoted field/],
      ['code,name\nFRA,1\nMUC,2\nFRA,3\n', /airports\.csv line 4: expected each key once, found "FRA" again\./],
      ['iata,name\nFRA,1\n', /airports\.csv line 2: expected a row with a key in code, found one without\./],
      ['code,code\nFRA,1\n', /airports\.csv line 1: expected a header row with a name for each column, found "code" twice\./],
      ['', /airports\.csv: expected rows, found an empty file\./]
    ] as const) {
      write(text);
      await assert.rejects(set.ready(), { code: 'table_unavailable', message: why });
      await assert.rejects(set.ready(), { code: 'table_unavailable', message: why });
      assert.match(status().trouble ?? '', /^\/.* The rows are \d+s old\.$/);
      assert.deepEqual([status().rows, get('MUC')], [2, { code: 'MUC', name: 'München' }]);
    }
    assert.equal(troubles.length, 1);
    write('code,name\n');
    await set.ready();
    assert.deepEqual([status().rows, status().trouble, troubles.length, troubles[1]], [0, null, 2, null]);
    assert.ok(path.startsWith('/'));
  });

  it('refuses what is no UTF-8, no object, and nested too deeply', async () => {
    for (const [name, text, why] of [
      ['a.csv', Buffer.from('code,n\nM\xfcC,1\n', 'latin1'), /expected UTF-8, found other bytes behind line 1/],
      ['a.ndjson', Buffer.from('{"code":"M\xfcC"}\n', 'latin1'), /line 1: expected JSON as UTF-8/],
      ['a.ndjson', '{"code":"a"}\n[]\n', /line 2: expected an object, found an array/],
      ['a.json', '[{"code":"a"},\n null]', /line 2: expected an object, found "n"/],
      ['a.json', '{"code":"a"}', /line 1: expected an array of objects, found "\{"/],
      ['a.json', '[{"code":"a"}', /line 1: expected a comma or the end of the array, found the end of the file/],
      ['a.json', `[{"code":"a","deep":${'['.repeat(600)}${']'.repeat(600)}}]`, /line 1: expected JSON nested at most/],
      ['a.json', '[{"code":"a"},{"code":null}]', /line 1: expected a row with a key in code/]
    ] as const) {
      const { set } = tableOf(name, text);
      await assert.rejects(set.ready(), { code: 'table_unavailable', message: why }, name);
    }
  });

  it('finds a key that is twice in a large file', async () => {
    const rows = Array.from({ length: 150_000 }, (_, n) => `${n}\n`);
    const { set, get, write, status } = tableOf('a.csv', `code\n${rows.join('')}3\n`, {}, { follow: false });
    await assert.rejects(set.ready(), { message: /a\.csv: expected each key once, found "3" twice\./ });
    assert.deepEqual([status().ready, status().rows], [false, 0]);
    write(`code\n${rows.join('')}`);
    await set.ready();
    assert.deepEqual([status().rows, get('149999')], [150_000, { code: '149999' }]);
  });

  it('waits for a file that is not there at the start, and says so', async () => {
    const { set, get, write, status, troubles } = tableOf('airports.csv', null, {}, { follow: true });
    const ready = set.ready();
    await until(() => troubles.length > 0, 'the trouble');
    assert.match(status().trouble ?? '', /airports\.csv: there is no such file\.$/);
    assert.equal(status().ready, false);
    write(csv);
    await ready;
    assert.deepEqual(get('MUC'), { code: 'MUC', name: 'München' });
  });

  it('is swapped all at once: no turn sees rows of two states, however often it changes', { timeout: 60_000 }, async () => {
    const version = (n: number): string => `code,version\n${Array.from({ length: 5000 }, (_, row) => `${row},${n}\n`).join('')}`;
    const { set, get, write, loaded } = tableOf('airports.csv', version(0));
    await set.ready();
    let changing = true;
    const changes = (async () => {
      for (let n = 1; n <= 25; n++) {
        write(version(n));
        await set.refresh();
      }
      changing = false;
    })();
    const seen = new Set<unknown>();
    for (let turn = 0; changing; turn++) {
      const found = [0, 4999, turn % 5000, 2500].map((row) => (get(`${row}`) as { version: string }).version);
      assert.equal(new Set(found).size, 1, `one turn saw ${found.join(', ')}`);
      seen.add(found[0]);
      await nextTurn();
    }
    await changes;
    assert.equal(loaded.length, 26);
    assert.ok(seen.size > 5, `${seen.size} states were seen`);
  });
});
