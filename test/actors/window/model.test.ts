import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import type { StreamRecord } from '../../../actors/record.ts';
import { windowOf } from './build.ts';
import type { Datum, ModelResult, ModelWindow } from './model.ts';
import { aggregate, isLate, timestampOf, valueOf, windowsOf } from './model.ts';
import { tableOf, textOf, KeyedNode } from '../keyed/task.ts';
import type { Move, SourcePartition, Step } from './world.ts';
import { HopWorld, lastTime, move, partitionOf, Reader, steps } from './world.ts';

/*
 * Every kind of window, in every emit mode, in one task and across a repartition topic, equals the model: whatever the order,
 * the lateness, the reading speed, the checkpoints and the crashes.
 */

const kinds: readonly (readonly [name: string, window: ModelWindow])[] = [
  ['tumbling', { type: 'tumbling', size: 20, offset: 0 }],
  ['tumbling with offset', { type: 'tumbling', size: 20, offset: 7 }],
  ['hopping', { type: 'hopping', size: 20, every: 8, offset: 3 }],
  ['sliding', { type: 'sliding', size: 15 }],
  ['session', { type: 'session', gap: 9 }]
];
const runs = 300;

interface Scenario {
  readonly moves: Move[][];
  readonly delay: number;
  readonly grace: number;
}

const scenario: fc.Arbitrary<Scenario> = fc.record({
  moves: fc.array(fc.array(move, { minLength: 1, maxLength: 25 }), { minLength: 1, maxLength: 3 }),
  delay: fc.constantFrom(0, 5, 30),
  grace: fc.constantFrom(0, 0, 10)
});

/** Runs the steps, with a check at each checkpoint, then reads the rest. */
function follow(reader: Reader, list: readonly Step[], check: () => void): void {
  for (const { kind, which, count } of list) {
    if (kind === 'feed') reader.feed(which, count);
    else if (kind === 'barrier') check();
    else reader.kill(kind === 'kill in checkpoint');
  }
  reader.feedAll();
  check();
}

const built = new Map<string, StatefulLogic>();

function logicOf(window: ModelWindow, grace: number, emit: string): StatefulLogic {
  const options = { window: withUnits(window), aggregate, grace: `${grace}ms`, emit, late: 'drop' };
  const text = JSON.stringify(options);
  const logic = built.get(text) ?? windowOf(options);
  built.set(text, logic);
  return logic;
}

function withUnits(window: ModelWindow): object {
  return Object.fromEntries(Object.entries(window).map(([name, value]) => [name, typeof value === 'number' ? `${value}ms` : value]));
}

/** A key that is not UTF-8 is shown as base64. */
function shown(key: string): string {
  const bytes = Buffer.from(key, 'latin1');
  return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes) ? bytes.toString('utf8') : bytes.toString('base64');
}

function expected(windows: readonly ModelResult[]): Map<string, unknown> {
  return new Map(windows.map((window) => [`${window.key}-${window.start}`, valueOf({ ...window, key: shown(window.key) })]));
}

function sorted(table: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...table].sort(([a], [b]) => (a < b ? -1 : 1));
}

function places(data: readonly { readonly partition: number; readonly offset: number }[]): string[] {
  return data.map(({ partition, offset }) => `${partition}/${offset}`).sort();
}

function lateOf(data: readonly Datum[], window: ModelWindow, grace: number): string[] {
  return places(data.filter((datum) => isLate(datum, window, grace)));
}

function latePlaces(task: KeyedNode): { partition: number; offset: number }[] {
  return task.committed.late.map(({ origin, offset }) => ({ partition: origin.partition, offset }));
}

function partitionsOf({ moves, delay }: Scenario): SourcePartition[] {
  return moves.map((list, partition) => partitionOf(partition, list, delay));
}

/** The last result of each window has the highest timestamp of the records in it. */
function timestampsFit(results: readonly StreamRecord[], windows: readonly ModelResult[]): void {
  const last = new Map(results.map((record) => [textOf(record.key), record]));
  const wrong = windows.filter((window) => {
    const result = last.get(`${window.key}-${window.start}`);
    return result !== undefined && result.timestamp !== timestampOf(window);
  });
  assert.deepEqual(wrong, []);
}

function noDuplicates(keys: readonly string[]): void {
  assert.equal(new Set(keys).size, keys.length, 'each window once');
}

for (const [name, window] of kinds) {
  describe(`${name} in one task`, () => {
    const local = (given: Scenario, emit: string): Reader => new Reader(new KeyedNode((context) => logicOf(window, given.grace, emit).open(context)), partitionsOf(given));

    it('update: after each checkpoint the results are those of the model', () => {
      fc.assert(
        fc.property(scenario, steps, (given, list) => {
          const reader = local(given, 'update');
          const table = new Map<string, unknown>();
          const check = (): void => {
            const { sent } = reader.barrier();
            noDuplicates(sent.results.map(({ key }) => textOf(key)));
            tableOf(sent.results, table);
            const windows = windowsOf(reader.read, window, given.grace);
            assert.deepEqual(sorted(table), sorted(expected(windows)));
            timestampsFit(sent.results, windows);
          };
          follow(reader, list, check);
          assert.deepEqual(places(latePlaces(reader.task)), lateOf(reader.read, window, given.grace));
        }),
        { numRuns: runs }
      );
    });

    it('final: each window once, at the checkpoint at which it is over', () => {
      fc.assert(
        fc.property(scenario, steps, (given, list) => {
          const reader = local(given, 'final');
          let before = -Infinity;
          const check = (): void => {
            const { sent, passed } = reader.barrier();
            const due = windowsOf(reader.read, window, given.grace).filter((result) => result.due > before && result.due <= passed.own);
            noDuplicates(sent.results.map(({ key }) => textOf(key)));
            assert.deepEqual(sorted(tableOf(sent.results)), sorted(expected(due)));
            timestampsFit(sent.results, due);
            before = passed.own;
          };
          follow(reader, list, check);
          assert.deepEqual(places(latePlaces(reader.task)), lateOf(reader.read, window, given.grace));
        }),
        { numRuns: runs }
      );
    });

    it('complete: at each checkpoint all windows that were not over at the last one', () => {
      fc.assert(
        fc.property(scenario, steps, (given, list) => {
          const reader = local(given, 'complete');
          let before = -Infinity;
          const table = new Map<string, unknown>();
          const check = (): void => {
            const { sent, passed } = reader.barrier();
            const all = windowsOf(reader.read, window, given.grace);
            const results = sent.results.filter(({ value }) => value !== null);
            assert.deepEqual(sorted(tableOf(results)), sorted(expected(all.filter(({ due }) => due > before))));
            assert.deepEqual(sorted(tableOf(sent.results, table)), sorted(expected(all)));
            before = passed.own;
          };
          follow(reader, list, check);
        }),
        { numRuns: runs }
      );
    });
  });

  describe(`${name} across a repartition topic`, () => {
    for (const emit of ['update', 'final', 'complete'] as const) {
      it(`${emit}: the results and the late records are those of the model`, () => {
        fc.assert(
          fc.property(scenario, fc.integer({ min: 1, max: 3 }), steps, (given, behind, list) => {
            const world = new HopWorld(logicOf(window, given.grace, emit), partitionsOf(given), behind);
            for (const step of list) world.step(step);
            world.finish();
            const results = world.behind.flatMap(({ committed }) => committed.results);
            const data = world.before.flatMap(({ read }) => read);
            const windows = windowsOf(data, window, given.grace).filter(({ due }) => emit !== 'final' || due <= lastTime - given.delay);
            if (emit === 'final') noDuplicates(results.map(({ key }) => textOf(key)));
            assert.deepEqual(sorted(tableOf(results)), sorted(expected(windows)));
            timestampsFit(results, windows);
            assert.deepEqual(places(world.before.flatMap(({ task }) => latePlaces(task))), lateOf(data, window, given.grace));
            assert.deepEqual(world.behind.flatMap(({ committed }) => committed.lateCopies), []);
          }),
          { numRuns: runs }
        );
      });
    }
  });
}
