import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { duration, formatDuration, isFieldPath, isTopicName, parseDuration, parseSize, size } from '../../actors/options.ts';

describe('durations and sizes', () => {
  it('property: every duration is written and read back', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)));
  });

  it('reads every unit', () => {
    assert.deepEqual(['5ms', '1.5s', '2m', '1h', '1d', '0s'].map(parseDuration), [5, 1500, 120_000, 3_600_000, 86_400_000, 0]);
    assert.deepEqual(['5B', '1.5KiB', '2MiB', '1GiB', '1KB', '1MB', '1GB'].map(parseSize), [5, 1536, 2097152, 1073741824, 1000, 1e6, 1e9]);
  });

  it('refuses what has no unit, an unknown one or a sign', () => {
    for (const text of ['5', '', 's', '-5s', '5 s', '5S', '5min', '1e3s', '.5s']) assert.equal(parseDuration(text), null, text);
    for (const text of ['5', 'MiB', '-1B', '5mb', '5 MiB', '5s']) assert.equal(parseSize(text), null, text);
    assert.equal(duration().safeParse(5).success, false);
    assert.equal(size().safeParse(5).success, false);
    assert.equal(duration({ min: 10 }).safeParse('9ms').success, false);
    assert.equal(duration().safeParse('25d').success, false);
  });
});

describe('names', () => {
  it('knows the names of topics', () => {
    for (const good of ['a', 'A.b-c_1', 'a'.repeat(249), '...']) assert.ok(isTopicName(good), good);
    for (const bad of ['', '.', '..', 'a b', 'ä', 'a/b', 'a'.repeat(250)]) assert.ok(!isTopicName(bad), bad);
  });

  it('knows the paths of fields', () => {
    for (const good of ['a', 'a.b', 'a b.c-d', 'constructor']) assert.ok(isFieldPath(good), good);
    for (const bad of ['', '.', 'a.', '.a', 'a..b', '__proto__', 'a.__proto__.b']) assert.ok(!isFieldPath(bad), bad);
  });
});
