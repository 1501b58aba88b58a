import { parse as parseArray } from 'postgres-array';

/*
 * How values of PostgreSQL, which come as text, become values that JSON has, by the ids of their types (pg_type.dat). What is not here stays the text
 * that PostgreSQL shows.
 */

type Reader = (text: string) => unknown;

/** Fractions JSON does not have (NaN, Infinity) stay texts. */
const toNumber: Reader = (text) => (Number.isFinite(Number(text)) ? Number(text) : text);

/** ISO 8601; the session's time zone is UTC. Years before 1 and infinity stay as they are. */
const toTimestamp: Reader = (text) => (/^\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+00)?$/.test(text) ? text.replace(' ', 'T').replace('+00', 'Z') : text);

const toBase64: Reader = (text) => (text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex').toString('base64') : text);

const asText: Reader = (text) => text;
const toBoolean: Reader = (text) => text === 't';
const toJson: Reader = (text) => JSON.parse(text) as unknown;

/** Reader, id of the type, id of arrays of it. */
const types: readonly (readonly [Reader, number, number])[] = [
  [toBoolean, 16, 1000],
  [toNumber, 21, 1005],
  [toNumber, 23, 1007],
  [toNumber, 26, 1028],
  [toNumber, 700, 1021],
  [toNumber, 701, 1022],
  [toJson, 114, 199],
  [toJson, 3802, 3807],
  [toTimestamp, 1114, 1115],
  [toTimestamp, 1184, 1185],
  [toBase64, 17, 1001],
  // int8, numeric, text, varchar, bpchar, uuid, date: arrays only.
  [asText, 20, 1016],
  [asText, 1700, 1231],
  [asText, 25, 1009],
  [asText, 1043, 1015],
  [asText, 1042, 1014],
  [asText, 2950, 2951],
  [asText, 1082, 1182]
];

const readers = new Map(types.flatMap(([read, id, arrays]): [number, Reader][] => [[id, read], [arrays, (text) => parseArray(text, (item) => (item === null ? null : read(item)))]]));

/** What makes a value of the text of a type. */
export function readerOf(id: number): Reader {
  return readers.get(id) ?? asText;
}
