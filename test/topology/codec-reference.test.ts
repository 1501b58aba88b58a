import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readerCodec, writerCodec } from '../../actors/codec-options.ts';
import { codecRows, shownTests } from '../../src/topology/codec-reference.ts';

const root = join(import.meta.dirname, '../..');

describe('the tables of codecs and mechanisms', () => {
  it('name tests that are there', () => {
    for (const { file, name } of shownTests()) {
      assert.ok(existsSync(join(root, file)), file);
      assert.ok(readFileSync(join(root, file), 'utf8').includes(name), `${file}: ${name}`);
    }
  });

  it('have a row for each codec and direction that a topology may name', () => {
    const rows = new Set(codecRows.map(({ codec, direction }) => `${codec.split(' ')[0] ?? ''} ${direction}`));
    for (const type of ['json', 'avro', 'protobuf', 'csv', 'text', 'raw', 'cloudevents', 'debezium']) {
      const options = type === 'csv' ? { type, columns: ['a'] } : { type };
      assert.equal(rows.has(`${type} read`), readerCodec().safeParse(options).success, type);
      assert.equal(rows.has(`${type} written`), writerCodec().safeParse(options).success, type);
    }
  });
});
