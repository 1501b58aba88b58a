import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { avroFormat } from '../../src/codec/avro/format.ts';
import { Bytes } from '../../src/codec/bytes.ts';

/** What fastavro wrote, and what its reader gave: avro/make.py. */
interface Case {
  readonly name: string;
  readonly schema: unknown;
  /** What the bytes were read as; absent where that is the schema itself. */
  readonly reader?: unknown;
  readonly bytes: string;
  readonly value: unknown;
  /** What is other here, on purpose. */
  readonly differs?: { readonly why: string; readonly bytes?: string; readonly value?: unknown };
}

/** What JSON has not is an object with one of these keys. */
function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $long, $bytes, $number } = value as { $long?: string; $bytes?: string; $number?: string };
  if ($long !== undefined) return BigInt($long);
  if ($number !== undefined) return Number($number);
  return $bytes === undefined ? value : Bytes.view(new Uint8Array(Buffer.from($bytes, 'hex')));
}

const cases = JSON.parse(readFileSync(new URL('avro/cases.json', import.meta.url), 'utf8'), revive) as Case[];

describe('Avro as fastavro writes and reads it', () => {
  for (const { name, schema, reader, bytes, value, differs } of cases) {
    const text = { text: JSON.stringify(schema), references: [] };
    const readAs = reader === undefined ? null : { text: JSON.stringify(reader), references: [] };
    const format = avroFormat({ long: 'auto', logicalTypes: 'text', readAs });
    it(name, () => {
      assert.deepStrictEqual(format.reader(text).read(Buffer.from(bytes, 'hex')), differs?.value ?? value);
      if (reader === undefined) assert.equal(Buffer.from(format.writer(text).write(value)).toString('hex'), differs?.bytes ?? bytes);
    });
  }

  it('there are cases of every kind', () => assert.ok(cases.length >= 60 && cases.filter(({ reader }) => reader !== undefined).length >= 20));
});
