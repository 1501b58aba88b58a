import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { codecNumbers } from '../../src/broker/kafkajs/compression.ts';
import { decodeRecords } from '../../src/broker/kafkajs/record-batch.ts';
import { goldenSizes, line, ruled } from './compression/records.ts';

for (const client of ['java', 'librdkafka']) {
  for (const codec of ['gzip', 'snappy', 'lz4', 'zstd'] as const) {
    test(`${codec} as ${client} writes it is read`, () => {
      const bytes = readFileSync(join(import.meta.dirname, 'compression', `${client}-${codec}.bin`));
      assert.equal(bytes.readInt16BE(21) & 7, codecNumbers[codec], 'it is compressed so');
      const { records } = decodeRecords(bytes, { position: 0, aborted: null });
      assert.deepEqual(records.map((record) => line('t', record)), goldenSizes.map((size, i) => line('t', ruled('t', i, size))));
    });
  }
}
