import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findings } from '../../src/cli/why/findings.ts';
import type { Finding } from '../../src/cli/why/findings.ts';
import type { Seen } from '../../src/cli/status-text.ts';

const hour = 3_600_000;

type Input = Seen['watermarks']['tasks'][number]['inputs'][number];
type Upstream = Seen['watermarks']['tasks'][number]['nodes'][number]['upstream'][number];

const failure = { code: 'broker_unavailable', message: '127.0.0.1:9092: refused', remedy: 'Check that the brokers run.' };
const input = (more: Partial<Input>): Input => ({ topic: 't', partition: 0, node: 'in', watermark: 10 * hour, lag: 0, quiet_seconds: 0, idle_after_seconds: null, idle: false, internal: false, ...more });
const before3 = (more: Partial<Upstream>): Upstream => ({ input: 0, task: 'in-0', watermark: 10 * hour, idle: false, here: 'runs', heard: true, ...more });

const slowWrite = { prepare: 5, write: 800, commit: 150, apply: 5, total: 960 };
const out = (name: string): Seen['detail']['nodes'][number] => ({ name, kind: 'sink', counts: { received: 0, outputs: 0 } });
const at = (partition: number, lag: number): Seen['progress']['partitions'][number] => ({ topic: 't', partition, position: 0, end: lag, lag, lag_seconds: null, input_rate: 0, processing_rate: 0, quiet_seconds: 0 });
const quick = { prepare: 1, write: 1, commit: 1, apply: 1, total: 4 };

/** A topology that keeps up, with what a situation changes of it. */
function seen({ detail, progress, inputs = [], upstream = [] }: { readonly detail?: Partial<Seen['detail']>; readonly progress?: Partial<Seen['progress']>; readonly inputs?: readonly Input[]; readonly upstream?: readonly Upstream[] }): Seen {
  const task = { task: 'counted-0', sub_topology: 'counted', timed: true, epoch: 1, watermark: 0, inputs: [...inputs], nodes: [{ node: 'counted', watermark: 0, upstream: [...upstream] }] };
  return {
    detail: { name: 'orders', state: 'running', paused: false, tasks: { assigned: 1, running: 1 }, lag: 0, failure: null, assigned: [], nodes: [{ name: 'out', kind: 'sink', counts: { received: 0, outputs: 0 } }], tables: [], restores: [], checkpoints: 1, last_checkpoint: 1, ...detail },
    progress: { topology: 'orders', window_seconds: 10, input_rate: 100, processing_rate: 100, batch_ms: quick, batch_mean_ms: quick, nodes: [], elsewhere: null, state_seconds: 60, behind_seconds: 10, seconds_since_checkpoint: 0, lag: 0, partitions: [], ...progress },
    watermarks: { topology: 'orders', tasks: [task] }
  };
}

describe('why, by what the API says', () => {
  const cases: readonly (readonly [string, Seen, Finding['code'], RegExp])[] = [
    ['a partition with older records', seen({ inputs: [input({}), input({ partition: 1, watermark: hour, lag: 40 })] }), 'partition_behind', /t\[1\] \(source in\) holds event time at 1970-01-01T01:00:00.000Z, 9 h behind.*40 of its records.*counted waits for it/],
    ['a partition without records that is not idle yet', seen({ inputs: [input({}), input({ partition: 1, watermark: hour, quiet_seconds: 20, idle_after_seconds: 30 })] }), 'source_quiet', /t\[1\].*no record for 20 s/],
    ['inputs that are all idle', seen({ inputs: [input({ idle: true, quiet_seconds: 40 }), input({ partition: 1, idle: true, quiet_seconds: 60, watermark: hour })] }), 'source_quiet', /t\[0, 1\] for 40 s: all is idle, and event time stays at 1970-01-01T10/],
    ['the side of a join that is missing', seen({ inputs: [input({}), input({ topic: 'u', node: 'other', watermark: null })] }), 'input_silent', /u\[0\] \(source other\) has said nothing of event time/],
    ['a task upstream that is on no daemon here', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere' })] }), 'upstream_gone', /counted waits for task in-1, which is not on this daemon: it stands at 1970.*9 h behind/],
    ['the daemon that has a task upstream', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere', daemon: 'http://10.0.0.5:7171', member: 'millrace-5' })] }), 'upstream_gone', /counted waits for task in-1, which runs at http:\/\/10\.0\.0\.5:7171: it stands/],
    ['the member that has a task upstream and says no address', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere', daemon: null, member: 'millrace-5' })] }), 'upstream_gone', /in-1, which member millrace-5 of the group has/],
    ['a task upstream that nobody has', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere', daemon: null, member: null })] }), 'upstream_gone', /in-1, which no member of the group has/],
    ['the daemon from which nothing comes', seen({ progress: { input_rate: 0 }, inputs: [input({ internal: true, quiet_seconds: 12 })], upstream: [before3({ here: 'elsewhere', daemon: 'http://10.0.0.5:7171', member: 'm' }), before3({ task: 'in-1', here: 'elsewhere', daemon: null, member: null })] }), 'no_input', /reads no source on this daemon.*nothing has come for 12 s: task in-0, which runs at http:\/\/10\.0\.0\.5:7171; task in-1, which no member/],
    ['a task upstream that fails here', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: null, here: 'does not run', heard: false })] }), 'upstream_gone', /in-1, which is assigned to this daemon and does not run: nothing was heard/],
    ['a sink that slows all', seen({ progress: { lag: 90_000, processing_rate: 90, batch_mean_ms: { prepare: 5, write: 800, commit: 150, apply: 5, total: 960 } } }), 'sink_slow', /Of 960 ms for a batch, the broker took 800 ms to take what out writes, and 150 ms to commit/],
    ['a disk that slows all', seen({ progress: { lag: 90_000, processing_rate: 90, batch_mean_ms: { prepare: 700, write: 10, commit: 10, apply: 50, total: 770 } } }), 'state_slow', /750 ms were for the disk/],
    ['the sinks by what they write, where several are slow', seen({ detail: { nodes: [out('a'), out('b')] }, progress: { lag: 400, behind_seconds: 20, processing_rate: 9, batch_mean_ms: slowWrite, nodes: [{ node: 'a', busy: 0, received_rate: 1 }, { node: 'b', busy: 0, received_rate: 9 }] } }), 'sink_slow', /what b \(90 % of the records, 9 a second\), a \(10 %.*slowest of their topics/],
    ['a commit that does not end', seen({ detail: { assigned: [{ task: 'in-0', running: true, trouble: null, committing_seconds: 7 }] } }), 'sink_slow', /in-0 has been committing for 7 s.*what out write/],
    ['the node that works most', seen({ progress: { lag: 90_000, processing_rate: 90, nodes: [{ node: 'scored', busy: 0.85, received_rate: 90 }, { node: 'in', busy: 0.12, received_rate: 90 }] } }), 'processing_slow', /scored \(transform\) is what takes long; it works 85 % of the time, in 12 %/],
    ['a sink that takes long to encode', seen({ progress: { lag: 90_000, processing_rate: 90, nodes: [{ node: 'out', busy: 0.9, received_rate: 90 }] } }), 'sink_slow', /out \(sink\) is what takes long/],
    ['another topology that keeps the thread busy, whatever writing takes', seen({ progress: { lag: 90_000, processing_rate: 90, batch_mean_ms: slowWrite, elsewhere: { topology: 'heavy', node: 'scored', busy: 0.9 } } }), 'processing_slow', /busy with another topology: scored of heavy works 90 %/],
    ['the node that works most, whatever writing takes', seen({ progress: { lag: 90_000, processing_rate: 90, batch_mean_ms: slowWrite, nodes: [{ node: 'scored', busy: 0.85, received_rate: 90 }] } }), 'processing_slow', /scored \(transform\)/],
    ['a source that may read no faster', seen({ detail: { nodes: [out('out'), { ...out('in'), kind: 'source', paced: { by: 'rate_limit: 100 records a second and task', records: 100 } }] }, progress: { lag: 90_000 } }), 'paced', /source in reads no faster by its file \(rate_limit: 100 records/],
    ['the partition that lags alone', seen({ progress: { lag: 5000, processing_rate: 90, partitions: [at(0, 0), at(1, 5000)] } }), 'processing_slow', /5000 offsets behind, nearly all of them in t\[1\]/],
    ['a source from which nothing came', seen({ detail: { nodes: [{ ...out('a'), kind: 'source', counts: { received: 7, outputs: 7 } }, { ...out('b'), kind: 'source' }] } }), 'input_silent', /Source b has had no record since this daemon started, while a had/],
    ['a registry that is away', seen({ detail: { state: 'waiting', failure: { ...failure, code: 'registry_unavailable' } } }), 'registry_away', /waited for the schema registry for 60 s: registry_unavailable/],
    ['a topology that starts', seen({ detail: { state: 'starting' } }), 'starting', /not joined its group yet/],
    ['a task that is opened', seen({ detail: { assigned: [{ task: 'in-0', running: false, trouble: null }] } }), 'starting', /Task in-0 does not run yet: it is being opened/],
    ['a topology that was drained', seen({ detail: { state: 'stopped' } }), 'stopped', /stopped on purpose/],
    ['work that takes long', seen({ progress: { lag: 90_000, processing_rate: 90 } }), 'processing_slow', /90000 offsets behind/],
    ['a broker that is away', seen({ detail: { state: 'waiting', failure } }), 'broker_away', /127\.0\.0\.1:9092: refused/],
    ['a task that fails', seen({ detail: { assigned: [{ task: 'in-0', running: false, trouble: failure }] } }), 'task_fails', /Task in-0 does not run: broker_unavailable/],
    ['a topology that failed', seen({ detail: { state: 'failed', failure: { ...failure, code: 'topic_missing' } } }), 'failed', /topic_missing/],
    ['state that is read back', seen({ detail: { restores: [{ task: 'in-0', done: 1, total: 5, seconds_left: 4 }] } }), 'restoring', /1 of 5 changelog offsets, about 4 s left/],
    ['a table that is not there', seen({ detail: { tables: [{ name: 'users', ready: false, rows: 0, trouble: 'no such file' }] } }), 'table_waits', /users is not read yet: no such file/],
    ['a group whose other members have all tasks', seen({ detail: { tasks: { assigned: 0, running: 0 } } }), 'no_tasks', /no task on this daemon/],
    ['nothing to read', seen({ progress: { input_rate: 0 } }), 'no_input', /has read all there is/],
    ['nothing at all', seen({}), 'nothing', /keeps up/]
  ];
  for (const [what, status, code, message] of cases) {
    it(`names ${what}`, () => {
      const [first, ...others] = findings(status, 11 * hour);
      assert.equal(first?.code, code);
      assert.match(first.message, message);
      assert.deepEqual(others, []);
    });
  }

  it('gives the command for the daemon that has a task upstream, unless its address could be more than a word of it', () => {
    const remedy = (daemon: string): string | undefined => findings(seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere', daemon, member: 'm' })] }), 0)[0]?.remedy;
    assert.match(remedy('http://[::1]:7171/millrace') ?? '', /^Ask there: millrace why orders --url http:\/\/\[::1\]:7171\/millrace\. If/);
    assert.match(remedy('http://a/;reboot') ?? '', /^Ask there: millrace why orders --url\. If/);
  });

  it('says nothing of a backlog that is gone in a minute, nor of a partition a little behind', () => {
    assert.deepEqual(findings(seen({ progress: { lag: 50_000, processing_rate: 5000 }, inputs: [input({}), input({ partition: 1, watermark: 10 * hour - 500 })] }), 0).map(({ code }) => code), ['catching_up']);
  });

  it('names partitions of one topic together, the furthest behind first, and each task upstream once', () => {
    const two = [input({}), input({ partition: 1, watermark: 9 * hour, quiet_seconds: 9 }), input({ topic: 'u', watermark: null, node: 'other' }), input({ topic: 'u', watermark: null, node: 'other', partition: 1 })];
    assert.deepEqual(findings(seen({ inputs: two }), 0).map(({ code, message }) => [code, message.split(':')[0]]), [['input_silent', 'u[0, 1] (source other) has said nothing of event time']]);
    const both = seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere' }), before3({ task: 'in-2', watermark: 5 * hour, here: 'elsewhere' })] });
    const twice = { ...both, watermarks: { ...both.watermarks, tasks: [...both.watermarks.tasks, ...both.watermarks.tasks.map((task) => ({ ...task, task: 'counted-1' }))] } };
    assert.deepEqual(findings(twice, 0).map(({ message }) => /in-\d/.exec(message)?.[0]), ['in-1', 'in-2']);
  });

  it('says nothing of lag and event time while a task does not run, and nothing of speed before rates are known', () => {
    const failing = seen({ detail: { assigned: ['in-0', 'in-1'].map((task) => ({ task, running: false, trouble: failure })) }, progress: { lag: 90_000, processing_rate: 0 } });
    assert.deepEqual(findings(failing, 0).map(({ code, message }) => [code, message]), [['task_fails', 'Tasks in-0, in-1 do not run: broker_unavailable: 127.0.0.1:9092: refused']]);
    assert.deepEqual(findings(seen({ progress: { lag: 90_000, processing_rate: 0, window_seconds: 1 } }), 0).map(({ code }) => code), ['nothing']);
  });
});
