/*
 * Nanoseconds per record of reading and writing the workload's record as Protobuf: `node bench/codecs/protobuf.ts [rounds]`. The fastest of the rounds counts.
 * `bench/codecs/protobuf.py` measures Google's own library for Python with the same bytes.
 */
import { readFileSync } from 'node:fs';
import { protobufFormat } from '../../src/codec/protobuf/format.ts';
import { fastest, records } from './record.ts';

const rounds = Number(process.argv[2] ?? 7);
const format = protobufFormat({ long: 'auto', message: null, framing: false });
const schema = { text: readFileSync('test/golden/protobuf/event.proto', 'utf8'), references: [] };
const [reader, writer] = [format.reader(schema), format.writer(schema)];
const values = records();
const payloads = values.map((value) => writer.write(value));

console.log(`record: ${payloads[0]?.length} bytes`);
console.log(`read:  ${fastest(rounds, payloads, (bytes) => reader.read(bytes)).toFixed(0)} ns`);
console.log(`write: ${fastest(rounds, values, (value) => writer.write(value)).toFixed(0)} ns`);
