// One table of `bench/tables.ts`, in a process of its own so that what it costs is its own: node tables-step.ts DIR BROKERS ROWS DEFINITION; prints its figures as JSON.
import { appendFileSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { TableLogic, TableSet } from '../actors/table/table.ts';
import { createKafkajsBroker } from '../src/broker/kafkajs/index.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { createTableKeeper } from '../src/tables/keeper.ts';
import { tablesOf } from '../test/tables/support.ts';
import { keyOf } from './tables.ts';

const lookUps = 1_000_000;
/** Look-ups of one batch. */
const batch = 1000;

const [, , dir = '', brokers = '', count = '', definition = ''] = process.argv;
const rows = Number(count);
const broker = createKafkajsBroker({ brokers: [brokers], clientId: 'bench' });
const tables = tablesOf({ users: JSON.parse(definition) as object });

function memory(name: string): number {
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

async function open(): Promise<{ readonly set: TableSet; readonly seconds: number }> {
  const at = performance.now();
  const set = createTableKeeper(dir).open({
    topology: 'bench', tables, broker, cluster: brokers, clock: systemClock,
    onTrouble: (_, failure) => { if (failure !== null) console.error(failure.message); },
    onLoaded: () => undefined,
    onSkipped: (_, skipped, { message }) => { console.error(`${skipped} rows left out: ${message}`); }
  });
  await set.ready();
  return { set, seconds: (performance.now() - at) / 1000 };
}

/** The longest that one turn keeps the thread, in milliseconds of its own: what else runs on the machine does not count. */
function watchTurns(): { readonly stop: () => number } {
  const used = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  let last = used();
  let longest = 0;
  let timer = setImmediate(function look() {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
    timer = setImmediate(look);
  });
  return { stop: () => {
    clearImmediate(timer);
    return longest;
  } };
}

/** A file gets one row more, so that it is read again; a query is asked again anyhow. */
function change(table: TableLogic | undefined): void {
  if (table?.from !== 'file') return;
  if (table.format === 'json') truncateSync(table.path, statSync(table.path).size - 2);
  appendFileSync(table.path, table.format === 'csv' ? 'one-more,,,,\n' : table.format === 'json' ? ',{"id":"one more"}]' : '{"id":"one more"}\n');
}

await broker.connect();
const turns = watchTurns();
const { set, seconds: load } = await open();
const longest = turns.stop();
const [status] = set.status();
if (status?.rows !== rows) throw new Error(`There are ${status?.rows} rows, expected ${rows}.`);
const view = set.view('users');
const begun = performance.now();
for (let n = 0; n < lookUps; n++) {
  if (view.get(keyOf((n * 48_271) % rows)) === undefined) throw new Error(`A row is missing after ${n} look-ups.`);
  if (n % batch === 0) await nextTurn();
}
const lookUpsPerSecond = lookUps / ((performance.now() - begun) / 1000);
const resident = memory('VmRSS');
const peak = memory('VmHWM');
change(tables[0]?.logic);
await set.refresh();
const peakOfRefresh = memory('VmHWM');
await set.close();
const again = await open();
await again.set.close();
await broker.close();
console.log(JSON.stringify({ load, longest, peak, peakOfRefresh, resident, file: status.bytes, lookUpsPerSecond, again: again.seconds * 1000 }));
