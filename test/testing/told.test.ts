import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { generateCasesSchema } from '../../src/testing/generate-schema.ts';
import { millrace } from '../support/cli.ts';
import { linesOf, mistakesOf, perMinute, runSteps, writeCases } from './support.ts';

/* What is told of what is wrong: with a case, and with its file. */

describe('what was not as expected', () => {
  const told = async (expect: string, records = '[{ key: a, value: { type: x, amount: 1 } }]'): Promise<string[]> =>
    linesOf(await runSteps(perMinute, `- records: ${records}\n- expect: ${expect}`, 'now: 2026-11-01T00:00:00Z'));

  it('is told by the fields that differ', async () => {
    assert.deepEqual(await told('{ out: [{ key: x-1793491200000, has: { count: 2, most: 1, more: true } }] }'), ['out[0].value.count: expected 2, found 1', 'out[0].value.more: expected true, found nothing']);
    assert.deepEqual(await told('{ out: [{ has: { key: x }, partition: 3, timestamp: +1s }] }'), ['out[0].timestamp: expected "2026-11-01T00:00:01.000Z", found "2026-11-01T00:00:00.000Z"', 'out[0].partition: expected 3, found 0']);
  });

  it('is told as missing, and as not expected', async () => {
    const [came] = await told('{ nothing: true }');
    assert.equal(came, 'counted: not expected: { key: x-1793491200000, value: { key: x, count: 1, most: 1, window: { start: "2026-11-01T00:00:00Z", end: "2026-11-01T00:01:00Z" } } }');
    assert.deepEqual(await told('{ some: true, late: [{ value: 1 }] }'), ['late[0]: expected, and did not come: { value: 1 } (nothing came)']);
    assert.deepEqual(await told('{ some: true, state: { counts: [1] }, node_counts: { counts: { late: 1 } } }'), [
      'state.counts: expected, and is not there: 1',
      'state.counts: not expected: { key: x, count: 1, most: 1, window: { start: "2026-11-01T00:00:00Z", end: "2026-11-01T00:01:00Z" } }',
      'node_counts.counts.late: expected 1, found 0'
    ]);
  });

  it('a wrong order of one key is told; others have none', async () => {
    const copy = 'name: copy\nbroker: { type: embedded, path: ./data }\nsources: { in: { type: kafka, topic: in } }\nsinks: { out: { type: kafka, from: in, topic: out } }\n';
    const run = (expect: string): Promise<string[]> => runSteps(copy, `- records: [{ key: a, value: 1 }, { key: a, value: 2 }, { key: b, value: 3 }]\n- expect: { out: [${expect}] }`, 'partitions: 3').then(linesOf);
    assert.deepEqual(await run('{ value: 3 }, { value: 1 }, { value: 2 }'), []);
    assert.deepEqual(await run('{ value: 2 }, { value: 1 }, { value: 3 }'), ['out[1]: expected behind out[0], came before it: { key: a, value: 1 }']);
  });

  it('a time that is refused is told with that of the clock', async () => {
    const lines = await told('{ nothing: true }', '[{ key: a, value: { type: x }, timestamp: +2h }]');
    assert.match(lines[0] ?? '', /^bad: not expected: .*code: event_time_refused.*max_future/);
    assert.equal(lines[1], '(the clock is at 2026-11-01T00:00:00.000Z; now: of the case says where it begins)');
  });

  it('latest: of each key the last record counts, and each without a key', async () => {
    const copy = 'name: copy\nbroker: { type: embedded, path: ./data }\nsources: { in: { type: kafka, topic: in } }\nsinks: { out: { type: kafka, from: in, topic: out } }\n';
    const steps = '- records: [{ key: a, value: 1 }, { value: 4 }, { key: a, value: 2 }, { value: 4 }]\n- expect: { latest: true, out: [{ value: 4 }, { value: 4 }, { value: 2 }] }';
    assert.deepEqual(linesOf(await runSteps(copy, steps, 'partitions: 2')), []);
  });

  it('numbers may differ in their last digits', async () => {
    const third = perMinute.replace('max(value.amount)', 'avg(value.amount)');
    assert.deepEqual(linesOf(await runSteps(third, '- records: [{ key: a, value: { type: x, amount: 0.1 } }, { key: a, value: { type: x, amount: 0.2 } }, { key: a, value: { type: x, amount: 0.4 } }]\n- expect: { out: [{ has: { most: 0.2333333333333 } }] }')), []);
  });
});

describe('a mistake in a file of cases', () => {
  it('is told with its place and a remedy, all of them at once', () => {
    const cases = `cases:
  - name: a
    steps:
      - records: [{ source: event, value: 1 }, { topic: evnts, value: 1 }, { key: k }, { value: 1, text: x }, { value: 1, partition: 1 }, { value: 1, timestamp: +5s }]
      - advance: 5
      - restart: crash
      - records: [{ value: 1 }]
        advance: 5s
      - expect: { outs: [], state: { count: [] }, node_counts: { evnts: {} }, failed: undecodeable }
      - expect: {}
  - name: b
    steps: [{ advance: 1s }]
    partition: 2
`;
    assert.deepEqual(mistakesOf(perMinute, cases), [
      'it_test.yaml:5:18: bad_value: expected a duration with its unit, such as 250ms, 5s or 1h, found 5 (write 5ms or 5s)',
      'it_test.yaml:6:18: bad_value: expected stop, kill or lost, found "crash"',
      'it_test.yaml:13:5: unknown_key: there is no option partition here (did you mean partitions?)'
    ]);
    const formed = cases.replace('advance: 5\n', 'advance: 5s\n').replace('crash', 'kill').replace('    partition: 2\n', '');
    assert.deepEqual(mistakesOf(perMinute, formed), [
      'it_test.yaml:4:29: unknown_node: there is no source event (did you mean events?)',
      'it_test.yaml:4:57: unknown_node: no source reads the topic evnts (did you mean events?)',
      'it_test.yaml:4:76: missing_option: expected one of value, text and base64, found none (value: null is a tombstone)',
      'it_test.yaml:4:88: bad_value: expected one of value, text and base64, found 2 (value: null is a tombstone)',
      'it_test.yaml:4:134: bad_value: expected a partition below 1, found 1 (the case says partitions: N; default 1)',
      'it_test.yaml:4:162: missing_option: expected the option now in this case: this time counts from it (write for example now: 2026-11-01T00:00:00Z beside name)',
      'it_test.yaml:7:9: bad_value: expected one of records, advance, restart and expect in a step, found 2 (each begins with a dash of its own)',
      'it_test.yaml:9:87: bad_value: expected a failure code, found undecodeable (did you mean undecodable?)',
      'it_test.yaml:9:38: unknown_node: there is no node count with state (did you mean counts?)',
      'it_test.yaml:9:66: unknown_node: there is no node evnts (did you mean events?)',
      'it_test.yaml:9:19: unknown_node: nothing is written to outs: expected a sink, a topic, late or dead_letters (did you mean out?)',
      'it_test.yaml:10:9: missing_option: expected what is expected, found nothing (nothing: true says that nothing came out)',
      'it_test.yaml:12:13: missing_option: expected the last step to be expect: nobody would look at what came of it (end the case with an expect)'
    ]);
  });

  it('an empty file, and one that is no YAML, are told once', () => {
    assert.deepEqual(mistakesOf(perMinute, ''), ['it_test.yaml:1:1: missing_option: expected the option cases, found an empty file']);
    assert.deepEqual(mistakesOf(perMinute, '# nothing yet\n'), ['it_test.yaml:1:1: missing_option: expected the option cases, found an empty file']);
    assert.equal(mistakesOf(perMinute, 'cases: [{ name: a, steps: [').length, 1);
  });

  it('in its topology is told there; a topology that is not there is told here', () => {
    assert.match(mistakesOf(perMinute.replace('max(', 'maximum('), 'cases: [{ name: a, steps: [{ expect: { nothing: true } }] }]')[0] ?? '', /^it\.yaml:\d+:\d+: bad_expression/);
    assert.match(mistakesOf(perMinute, 'topology: no.yaml\ncases: [{ name: a, steps: [{ expect: { nothing: true } }] }]')[0] ?? '', /^it_test\.yaml:1:11: file_not_found: expected a topology at no\.yaml/);
  });
});

const good = 'cases: [{ name: one click, steps: [{ records: [{ value: { type: x, amount: 1 } }] }, { expect: { out: [{ has: { count: 1 } }] } }] }]\n';

describe('millrace test', () => {
  it('ends with 0, with 1 where a case fails, with 78 where there is a mistake', async () => {
    const file = writeCases(perMinute, good);
    const passed = await millrace(['test', file.replace('_test', '')]);
    assert.deepEqual([passed.code, passed.stdout], [0, `ok      ${file}:1: one click\n1 case, 0 failed\n`]);
    writeFileSync(file, good.replace('count: 1', 'count: 2'));
    const failed = await millrace(['test', file.replace(/\/[^/]*$/, '')]);
    assert.equal(failed.code, 1);
    assert.equal(failed.stdout, `FAILED  ${file}:1: one click\n        ${file}:1:104\n          out[0].value.count: expected 2, found 1\n1 case, 1 failed\n`);
    const { cases } = JSON.parse((await millrace(['test', file, '--json'])).stdout) as { cases: { passed: boolean; mismatches: { line: number; found: unknown }[] }[] };
    assert.deepEqual(cases.map(({ passed, mismatches }) => [passed, mismatches.length, mismatches[0]?.line]), [[false, 1, 1]]);
    writeFileSync(file, good.replace('value:', 'vlue:'));
    const mistaken = await millrace(['test', file]);
    assert.deepEqual([mistaken.code, /unknown_key: there is no option vlue here \(did you mean value\?\)/.test(mistaken.stderr)], [78, true]);
    assert.equal((await millrace(['test', file, '--only', 'nobody'])).code, 78);
  });

  it('says what it lacks', async () => {
    const file = writeCases(perMinute, good);
    assert.match((await millrace(['test', '/nowhere'])).stderr, /There is no \/nowhere/);
    assert.match((await millrace(['test', file, '--only', 'nobody'])).stderr, /No case has nobody in its name/);
  });

  it('has a schema for editors, which is not stale', () => {
    const text = readFileSync('config/cases.schema.json', 'utf8');
    assert.equal(text, `${JSON.stringify(generateCasesSchema(), null, 2)}\n`, 'run node src/cli/generate.ts');
    const validate = new Ajv({ strict: false, formats: { base64: true } }).compile(generateCasesSchema());
    assert.ok(validate(parse(good)), JSON.stringify(validate.errors));
    assert.ok(!validate(parse(good.replace('value', 'vlue'))));
  });
});
