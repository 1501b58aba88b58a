/*
 * Nanoseconds per record of reading and writing the workload's record as JSON: `node bench/codecs/json.ts [rounds]`. The fastest of the rounds counts.
 */
import { jsonCodec } from '../../src/codec/json.ts';
import { fastest, records } from './record.ts';

const rounds = Number(process.argv[2] ?? 7);
const values = records();
const payloads = values.map((value) => Buffer.from(JSON.stringify(value)));
const large = payloads.map((bytes) => Buffer.from(bytes.toString().replace(/"ts":(\d+)/, '"ts":9$1999')));
const bigs = values.map((value) => ({ ...value, ts: 9_007_199_254_740_993n }));
const [number, auto] = [jsonCodec(null, { long: 'number' }), jsonCodec(null, { long: 'auto' })];
const measure = <T>(name: string, items: readonly T[], run: (item: T) => unknown): void => { console.log(`${name}: ${fastest(rounds, items, run).toFixed(0)} ns`); };

measure('JSON.parse alone', payloads, (bytes) => JSON.parse(bytes.toString()));
measure('read, long: number', payloads, (bytes) => number.decode(bytes));
measure('read, long: auto, no large integer', payloads, (bytes) => auto.decode(bytes));
measure('read, long: auto, a large integer', large, (bytes) => auto.decode(bytes));
measure('JSON.stringify alone', values, (value) => Buffer.from(JSON.stringify(value)));
measure('write', values, (value) => number.encode(value));
measure('write, a big integer', bigs, (value) => number.encode(value));
