/*
 * `node bench/codecs/avro.ts`: nanoseconds per record that Avro takes to read and to write, for the workload's record and for a nested one, in bench/codecs/avro.json.
 * avsc by itself is beside it: its own types, with decimals as bytes and timestamps as numbers, bounded by nothing. fastavro.py and Avro.java do the same.
 */
import { readFileSync } from 'node:fs';
import avsc from 'avsc';
import { avroFormat } from '../../src/codec/avro/format.ts';

interface Sample {
  readonly schema: object;
  readonly value: unknown;
  readonly bytes: string;
}

const samples = JSON.parse(readFileSync(new URL('avro.json', import.meta.url), 'utf8')) as Record<string, Sample>;
const rounds = 5;
const count = 400_000;

/** The best of several rounds: what else ran on the machine only adds. */
function measure(step: () => unknown): number {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) step();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / count);
  }
  return Math.round(best);
}

for (const [name, { schema, value, bytes }] of Object.entries(samples)) {
  const text = { text: JSON.stringify(schema), references: [] };
  const payload = Buffer.from(bytes, 'hex');
  const plain = { long: 'auto', logicalTypes: 'text', readAs: null } as const;
  const format = avroFormat(plain);
  const [reader, writer] = [format.reader(text), format.writer(text)];
  const same = avroFormat({ ...plain, readAs: text }).reader(text);
  const numbers = avroFormat({ ...plain, logicalTypes: 'none' });
  const [numbersReader, numbersWriter] = [numbers.reader(text), numbers.writer(text)];
  const underlying = numbersReader.read(payload);
  const type = avsc.Type.forSchema(schema as avsc.Schema);
  const own: unknown = type.fromBuffer(payload);
  console.log(`${name}, ${payload.length} bytes: read ${measure(() => reader.read(payload))} ns, write ${measure(() => writer.write(value))} ns, read as a schema ${measure(() => same.read(payload))} ns`);
  console.log(`  without logical types: read ${measure(() => numbersReader.read(payload))} ns, write ${measure(() => numbersWriter.write(underlying))} ns`);
  console.log(`  avsc 5.7.9: read ${measure(() => type.fromBuffer(payload) as unknown)} ns, write ${measure(() => type.toBuffer(own))} ns`);
}
