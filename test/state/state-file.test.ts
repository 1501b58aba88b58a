import assert from 'node:assert/strict';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StoreValue } from '../../actors/store.ts';
import { replaceTask } from '../../src/state/replace-task.ts';
import { snapshotStore } from '../../src/state/snapshot.ts';
import { checkStateFile, entriesIn, writeState, writeWhole } from '../../src/state/state-file.ts';
import type { StateHeader } from '../../src/state/state-file.ts';
import { contents, identity, stateDirectory, stateFolder } from '../support/state.ts';

const header = (tasks: readonly string[]): StateHeader => ({
  topology: 'orders',
  group: 'orders',
  node: 'counts',
  holds: { type: 'window' },
  exported: '2026-11-01T00:00:00.000Z',
  tasks: tasks.map((task) => ({ task, epoch: 7, nonce: 'n', offsets: { in: { '0': 3 } } }))
});

const binary = fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
const keys = fc.oneof(binary, fc.constantFrom('', '\0', '\n', '"', 'ü', 'k'.repeat(1901), '\0'.repeat(2500)));
const entries = fc.uniqueArray(fc.tuple(keys, fc.jsonValue() as fc.Arbitrary<StoreValue>), { selector: ([key]) => key, maxLength: 30 });

type Entries = readonly (readonly [string, StoreValue])[];

const sorted = (list: Entries): Entries => [...list].sort(([a], [b]) => (a < b ? -1 : 1));

/** A folder in which a task has these entries. */
function held(list: Entries): string {
  const { root, directory } = stateDirectory();
  const state = directory.open(identity());
  for (const [key, value] of list) state.store('counts').put(key, value);
  state.seal('counts');
  state.prepare({ epoch: 7, nonce: 'n' });
  state.apply({ epoch: 7, nonce: 'n' });
  state.close();
  return root;
}

function exportTo(path: string, root: string): void {
  const [snapshot] = snapshotStore(root, { topology: 'orders', task: null }, 'counts');
  assert.ok(snapshot);
  writeWhole(path, (write) => writeState(header(['counts-0']), () => snapshot.entries(), write));
  snapshot.close();
}

describe('a store in a file', () => {
  it('comes back as it was: every key, every value', () => {
    const path = join(stateFolder(), 'rows.ndjson');
    fc.assert(
      fc.property(entries, (list) => {
        exportTo(path, held(list));
        const file = checkStateFile(path);
        assert.deepEqual(file.entries, [list.length]);
        const root = held([['stale', 1]]);
        replaceTask(root, identity(), entriesIn(file, 0), { epoch: 8, nonce: 'import' });
        const state = stateDirectory({}, root).directory.open(identity());
        assert.deepEqual([state.applied, state.quarantined], [{ epoch: 8, nonce: 'import' }, null]);
        assert.deepEqual(contents(state, 'counts'), sorted(JSON.parse(JSON.stringify(list)) as Entries));
        state.close();
      }),
      { numRuns: 150 }
    );
  });

  it('gives each task its entries, some none, however they lie in the file', () => {
    const path = join(stateFolder(), 'rows.ndjson');
    fc.assert(
      fc.property(fc.array(entries, { maxLength: 5 }), (tasks) => {
        const names = tasks.map((_, index) => `counts-${index}`);
        writeWhole(path, (write) => writeState(header(names), (task) => tasks[task] ?? [], write));
        const file = checkStateFile(path);
        assert.deepEqual(file.header, header(names));
        const found = tasks.map((_, task) => [...entriesIn(file, task)].map(({ key, value }) => [Buffer.from(key).toString('latin1'), JSON.parse(Buffer.from(value).toString()) as unknown]));
        assert.deepEqual(found, JSON.parse(JSON.stringify(tasks)));
      })
    );
  });

  it('is refused where it was cut or edited, wherever', () => {
    const path = join(stateFolder(), 'rows.ndjson');
    fc.assert(
      fc.property(entries, fc.nat(), fc.boolean(), (list, at, cut) => {
        writeWhole(path, (write) => writeState(header(['counts-0']), () => list, write));
        const bytes = readFileSync(path);
        // Without its last line end it is whole.
        const place = at % (bytes.length - 1);
        if (cut) {
          truncateSync(path, place);
        } else {
          bytes[place] = (bytes[place] as number) ^ 1;
          writeFileSync(path, bytes);
        }
        assert.throws(() => checkStateFile(path), { code: 'import_refused', message: /rows\.ndjson cannot be taken in: / });
      }),
      { numRuns: 500 }
    );
  });

  it('says why it is refused', () => {
    const path = join(stateFolder(), 'rows.ndjson');
    const whole = (): string => {
      writeWhole(path, (write) => writeState(header(['counts-0']), () => [['a', 1], ['b', 2]], write));
      return readFileSync(path, 'utf8');
    };
    const lines = whole().split('\n');
    for (const [text, why] of [
      ['', /it is empty/],
      ['{"key":"a"}\n', /its first line is not that of an export/],
      [whole().replace('"format":1', '"format":2'), /it has format 2, and this version of Millrace reads 1/],
      [lines.slice(0, 2).join('\n'), /it ends after 1 entries without its last line: it was cut/],
      [[lines[0], lines[2], lines[3]].join('\n'), /its checksum does not fit/],
      [whole().replace('"value":2', '"value":3'), /its checksum does not fit/],
      [`${whole()}${lines[1] ?? ''}\n`, /lines behind its last one/],
      [[lines[0], 'task 0', lines[3]].join('\n'), /a line of it is no entry: task 0/]
    ] as const) {
      writeFileSync(path, text);
      assert.throws(() => checkStateFile(path), { code: 'import_refused', message: why });
    }
  });
});
