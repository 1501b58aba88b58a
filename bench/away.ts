import { setTimeout as wait } from 'node:timers/promises';
import type { Broker } from '../actors/port.ts';
import { Jaeger } from '../test/support/jaeger.ts';
import { jaegerBinary } from '../test/support/jaeger/binary.ts';
import { freePort } from '../test/support/ports.ts';
import { Measured } from './daemon.ts';
import { feed, Probe, readAll } from './latency.ts';
import { numberOf } from './events.ts';
import { makeInput, makeOutputs } from './topics.ts';

const partitions = 4;
const size = 240;
const rate = 5000;

/** What happens to Jaeger, and for how many seconds. The first phase is not told: the compiler warms up. */
const phases = [
  { name: 'warming up', seconds: 20 },
  { name: 'there', seconds: 40 },
  { name: 'gone', seconds: 60, before: (jaeger: Jaeger) => jaeger.stop() },
  { name: 'there again', seconds: 40, before: (jaeger: Jaeger) => jaeger.start() },
  { name: 'stands still', seconds: 60, before: (jaeger: Jaeger) => { jaeger.pause(); } },
  { name: 'goes on', seconds: 40, before: (jaeger: Jaeger) => { jaeger.continue(); } }
] as const;

/** W1, exactly once, with all traced that may be, and a Jaeger that goes away and comes back under it: a row for each phase. */
export async function collectorAway(broker: Broker, bootstrap: string): Promise<string[][]> {
  const jaeger = await Jaeger.free(await jaegerBinary());
  await jaeger.start();
  const input = await makeInput(broker, partitions);
  const { outputs, env } = await makeOutputs(broker, bootstrap, 'exactly_once', input, partitions);
  const http = `127.0.0.1:${await freePort()}`;
  const daemon = new Measured({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.http, OTEL_TRACES_SAMPLER: 'always_on' }, { http });
  const total = phases.reduce((sum, { seconds }) => sum + seconds, 0) * rate;
  const start = Promise.withResolvers<number>();
  let started = 0;
  const probe = new Probe(total, rate, () => started);
  const reader = await readAll(broker, outputs, `${input}-probe`, (value) => { probe.note(numberOf(value)); });
  const ends: { readonly resident: number; readonly dropped: number; readonly traces: number }[] = [];
  const watching = start.promise.then(async (at) => {
    let due = at;
    for (const phase of phases) {
      if ('before' in phase) await phase.before(jaeger);
      due += phase.seconds * 1000;
      await wait(due - performance.now());
      const traces = phase.name === 'gone' || phase.name === 'stands still' ? 0 : (await jaeger.traces('millrace')).length;
      ends.push({ resident: daemon.resident, dropped: await droppedBy(http), traces });
    }
  });
  await feed(broker, input, partitions, size, rate, total, (at) => {
    started = at;
    start.resolve(at);
  }, () => undefined);
  await watching;
  for (let idle = 0; probe.seen < total && idle < 100; idle += 1) await wait(100);
  await reader.stop();
  await daemon.stop();
  await jaeger.stop();
  let from = 0;
  return phases.map(({ name, seconds }, index) => {
    const to = from + seconds * rate;
    const { p50, p99, max, missing } = probe.result(from, 0, to);
    const { resident, dropped, traces } = ends[index] as (typeof ends)[number];
    from = to;
    return [name, String(seconds), p50.toFixed(1), p99.toFixed(1), max.toFixed(0), resident.toFixed(0), String(dropped - (ends[index - 1]?.dropped ?? 0)), traces === 0 ? '' : String(traces), String(missing)];
  }).slice(1);
}

/** Spans that the daemon has dropped so far. */
async function droppedBy(http: string): Promise<number> {
  const text = await (await fetch(`http://${http}/metrics`)).text();
  return Number(/^millrace_trace_spans_dropped_total\S* (\d+)/m.exec(text)?.[1] ?? 0);
}
