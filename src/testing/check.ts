import { fates, noCounts } from '../../actors/accounting.ts';
import type { Counts } from '../../actors/accounting.ts';
import { nameInFile } from '../runtime/node-name.ts';
import type { Expectation, Place } from './case.ts';
import { compareOutput } from './compare.ts';
import type { Mismatch } from './compare.ts';
import { differences } from './differ.ts';
import type { FoundRecord, Outputs } from './outputs.ts';
import { show } from './show.ts';
import type { World } from './world.ts';

/** What counts of what came; records without a key have none that comes later. */
function came(records: readonly FoundRecord[], latest: boolean): readonly FoundRecord[] {
  if (!latest) return records;
  const last = new Map(records.map((record) => [`${record.topic}/${record.key === null ? `#${record.offset}/${record.partition}` : Buffer.from(record.key).toString('base64')}`, record] as const));
  return [...last.values()];
}

/** Looks at what came since the last time it looked. */
export class Checker {
  readonly #world: World;
  readonly #outputs: Outputs;
  #counted: ReadonlyMap<string, Counts> = new Map();

  constructor(world: World, outputs: Outputs) {
    this.#world = world;
    this.#outputs = outputs;
  }

  /** What is not as expected. */
  async check(expect: Expectation, place: Place): Promise<Mismatch[]> {
    const found = await this.#outputs.take();
    const counts = this.#newCounts();
    const mismatches = [
      ...this.#failure(expect, place),
      ...expect.outputs.flatMap((output) => compareOutput(output, came(output.topics.flatMap((topic) => found.get(topic) ?? []), expect.latest), expect.some)),
      ...(expect.some ? [] : this.#unnamed(expect, found, place)),
      ...Object.entries(expect.state).flatMap(([node, values]) => this.#state(node, values, place)),
      ...Object.entries(expect.counts).flatMap(([node, wanted]) => differences(wanted, counts.get(node) ?? noCounts(), `node_counts.${node}`, true).map((each) => ({ place, message: `${each.path}: expected ${show(each.expected)}, found ${show(each.found)}`, expected: each.expected, found: each.found })))
    ];
    return mismatches.map((mismatch) => ({ ...mismatch, message: this.#explain(mismatch.message) }));
  }

  /** A time that is refused is compared with a clock that the author may not have thought of. */
  #explain(message: string): string {
    if (!message.includes('event_time_refused')) return message;
    return `${message}\n(the clock is at ${new Date(this.#world.clock.now()).toISOString()}; now: of the case says where it begins)`;
  }

  /** Since the last call. What a node with a hop in it received is counted before the hop. */
  #newCounts(): Map<string, Counts> {
    const now = this.#world.counts();
    const before = this.#counted;
    this.#counted = now;
    const fresh = new Map<string, Counts>();
    for (const [name, counts] of now) {
      const known = before.get(name) ?? noCounts();
      fresh.set(name, Object.fromEntries(Object.entries(counts).map(([fate, count]) => [fate, count - known[fate as keyof Counts]])) as unknown as Counts);
    }
    for (const [name, counts] of [...fresh]) {
      if (name.endsWith('.before')) fresh.set(nameInFile(name), counts);
      else if (name.includes('.before.')) fresh.set(nameInFile(name), withHalf(fresh.get(nameInFile(name)) ?? noCounts(), counts));
    }
    return fresh;
  }

  #failure({ failed }: Expectation, place: Place): Mismatch[] {
    const { failure } = this.#world;
    if (failed === (failure?.code ?? null)) return [];
    if (failure === null) return [{ place, message: `failed: expected ${failed ?? ''}, and the topology goes on`, expected: failed, found: null }];
    return [{ place, message: `the topology failed: ${failure.code}: ${failure.message} (${failure.remedy})`, expected: failed, found: failure.code }];
  }

  /** What came out of where nothing was expected. */
  #unnamed({ outputs }: Expectation, found: ReadonlyMap<string, readonly FoundRecord[]>, place: Place): Mismatch[] {
    const named = new Set(outputs.flatMap(({ topics }) => topics));
    return [...found].flatMap(([topic, records]) => (named.has(topic) ? [] : compareOutput({ name: topic, topics: [topic], records: [], places: [], place }, records, false)));
  }

  /** In any order. */
  #state(node: string, values: readonly unknown[], place: Place): Mismatch[] {
    const left: unknown[] = this.#world.contents(node);
    const missing = values.filter((value) => {
      const index = left.findIndex((each) => differences(value, each, '').length === 0);
      if (index >= 0) left.splice(index, 1);
      return index < 0;
    });
    return [
      ...missing.map((expected) => ({ place, message: `state.${node}: expected, and is not there: ${show(expected)}`, expected })),
      ...left.map((found) => ({ place, message: `state.${node}: not expected: ${show(found)}`, found }))
    ];
  }
}

/** What a node with several inputs received: what came to where it works, and what one of its halves before a hop kept back. */
function withHalf(node: Counts, half: Counts): Counts {
  const sum = { ...node };
  for (const fate of fates) {
    if (fate === 'absorbed') continue;
    sum[fate] += half[fate];
    sum.received += half[fate];
  }
  return sum;
}
