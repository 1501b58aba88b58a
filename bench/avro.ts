import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Broker, OutgoingRecord } from '../actors/port.ts';
import { avroFormat } from '../src/codec/avro/format.ts';
import { withPrefix } from '../src/codec/registry/frame.ts';
import type { Registry } from '../test/support/registry.ts';
import { Events } from './events.ts';
import { throughput } from './throughput.ts';
import type { Backlog, Throughput } from './throughput.ts';
import { makeInput } from './topics.ts';
import type { Delivery } from './topics.ts';

const schema = JSON.stringify({
  type: 'record',
  name: 'Event',
  namespace: 'bench',
  fields: [
    ...['event_id', 'user_id', 'event_type'].map((name) => ({ name, type: 'string' })),
    { name: 'amount', type: 'double' },
    { name: 'ts', type: 'long' },
    ...['severity', 'payload'].map((name) => ({ name, type: ['null', 'string'], default: null }))
  ]
});

/** Fills a topic with the events of W1 as Avro: one in 200 is cut off, one in 200 names a schema that nobody has. */
export async function loadAvro(broker: Broker, registry: Registry, partitions: number, records: number, size: number): Promise<Backlog> {
  const topic = await makeInput(broker, partitions);
  const events = new Events(topic, partitions, size);
  const id = await registry.register(`${topic}-value`, schema);
  const writer = avroFormat({ long: 'auto', logicalTypes: 'none', readAs: null }).writer({ text: schema, references: [] });
  const producer = broker.producer();
  const part = 5000;
  for (let n = 0; n < records; n += part) {
    const asJson = events.events(n, Math.min(records, n + part), Date.now);
    await producer.send(asJson.map((record, index) => asAvro(record, n + index, id, (value) => writer.write(value))), 'none');
  }
  await producer.close();
  return { topic, partitions, records };
}

function asAvro(record: OutgoingRecord, n: number, id: number, write: (value: unknown) => Uint8Array): OutgoingRecord {
  const text = Buffer.from(record.value ?? []).toString();
  const event = n % 200 === 3 ? { event_id: String(n), user_id: 'u', event_type: 'view', amount: 0, ts: 0 } : { user_id: 'u', ...(JSON.parse(text) as object) };
  const bytes = withPrefix(n % 200 === 7 ? 4_000_000_000 : id, write(event));
  return { ...record, value: n % 200 === 3 ? bytes.subarray(0, -3) : bytes };
}

/** W1 over a backlog of Avro. */
export function avroThroughput(broker: Broker, registry: Registry, bootstrap: string, delivery: Delivery, backlog: Backlog): Promise<Throughput> {
  return throughput(broker, bootstrap, delivery, backlog, { file: 'bench/w1-avro.yaml', env: { BENCH_REGISTRY: registry.url } });
}

/** What the programs of bench/codecs print; fastavro is beside them where Python has it. */
export function codecFigures(): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const programs: readonly (readonly [title: string, command: string, args: readonly string[]])[] = [
    ['Avro', process.execPath, ['bench/codecs/avro.ts']],
    ['Protobuf', process.execPath, ['bench/codecs/protobuf.ts']],
    ['JSON', process.execPath, ['bench/codecs/json.ts']],
    ['fastavro', 'python3', ['bench/codecs/fastavro.py']]
  ];
  return programs.map(([title, command, args]) => {
    const { status, stdout } = spawnSync(command, [...args], { cwd: root, encoding: 'utf8' });
    return `${title}\n${status === 0 ? stdout.trim() : 'not there'}`;
  }).join('\n\n');
}
