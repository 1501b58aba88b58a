import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { findings } from '../../src/cli/why/findings.ts';
import type { Finding } from '../../src/cli/why/findings.ts';
import type { Seen } from '../../src/cli/status-text.ts';
import { embeddedBackend, stateDir } from '../support/backend.ts';
import { runCommand } from '../support/command.ts';
import { DaemonProcess } from '../support/daemon.ts';

const backend = embeddedBackend();
const window = 'window: { type: tumbling, size: 1h }, aggregate: { n: count() }, emit: update, late: drop';
const files: Readonly<Record<string, string>> = {
  quiet: `
sources: { in: { type: kafka, topic: quiet-in, start: earliest, codec: json, event_time: value.at } }
transforms: { counted: { type: window, from: in, ${window} } }
sinks: { out: { type: kafka, from: counted, topic: any-out } }
`,
  behind: `
sources: { a: { type: kafka, topic: behind-a, start: earliest, codec: json, event_time: value.at }, b: { type: kafka, topic: behind-b, start: earliest, codec: json, event_time: value.at } }
transforms: { both: { type: merge, from: [a, b] }, counted: { type: window, from: both, ${window} } }
sinks: { out: { type: kafka, from: counted, topic: any-out } }
`,
  hop: `
sources: { in: { type: kafka, topic: hop-in, start: earliest, codec: json, event_time: value.at } }
transforms: { counted: { type: window, from: in, key: value.k, ${window} } }
sinks: { out: { type: kafka, from: counted, topic: any-out } }
`,
  filtered: `
sources: { in: { type: kafka, topic: filtered-in, start: earliest, codec: json } }
transforms: { none: { type: filter, from: in, where: value.at < 0 } }
sinks: { out: { type: kafka, from: none, topic: any-out } }
`
};

const hour = 3_600_000;

async function write(broker: Broker, topic: string, partition: number, times: readonly number[]): Promise<void> {
  const producer = broker.producer();
  await producer.send(times.map((at) => ({ topic, partition, key: Buffer.from('k'), value: Buffer.from(JSON.stringify({ at, k: 'k' })), headers: [], timestamp: at })), 'none');
  await producer.close();
}

describe('why, asked of a running daemon', { timeout: 60_000 }, () => {
  let daemon: DaemonProcess;
  const why = async (topology: string): Promise<Finding[]> => (JSON.parse(await runCommand('why', topology, '--json', '--url', await daemon.url())) as { findings: Finding[] }).findings;

  before(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-why-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.yaml`), `name: ${name}\n${backend.yaml}\n${text}`);
    const [now, minute] = [Date.now() - 5 * hour, 60_000];
    await backend.use(async (broker) => {
      await broker.createTopics(['quiet-in', 'behind-a', 'behind-b', 'filtered-in', 'any-out'].map((topic) => ({ topic, partitions: 1 })));
      await broker.createTopics([{ topic: 'hop-in', partitions: 2 }]);
      await write(broker, 'quiet-in', 0, [now, now + minute]);
      await write(broker, 'behind-a', 0, [now]);
      await write(broker, 'filtered-in', 0, Array.from({ length: 20 }, () => now));
      await write(broker, 'hop-in', 0, [now + hour]);
      await write(broker, 'hop-in', 1, [now]);
    });
    daemon = new DaemonProcess(folder, { stateDir: stateDir() });
    await daemon.caughtUp();
    // What is quiet is known after a look or two.
    await new Promise((resolve) => setTimeout(resolve, 2500));
  });
  after(async () => {
    assert.equal(await daemon.stop(), 0, daemon.output);
  });

  it('names the source that is quiet and not idle', async () => {
    const [first] = await why('quiet');
    assert.equal(first?.code, 'source_quiet');
    assert.match(first.message, /quiet-in\[0\] \(source in\) has had no record for [\d.]+ s and holds event time at \d/);
    assert.match(first.remedy, /advance: wall_clock/);
  });

  it('names the input from which nothing came', async () => {
    const found = await why('behind');
    assert.deepEqual(found.map(({ code }) => code), ['input_silent']);
    assert.match(found[0]?.message ?? '', /input b has said nothing of event time: behind-b\[0\]/);
  });

  it('names the task upstream of a hop that stands behind', async () => {
    const found = await why('hop');
    assert.ok(found.some(({ message }) => /in-1|hop-in\[1\]/.test(message)), JSON.stringify(found));
  });

  it('names the node that lets nothing through', async () => {
    assert.deepEqual((await why('filtered')).map(({ code, message }) => [code, message]), [['all_swallowed', 'none sends on nothing: of 20 records it received, 20 were filtered.']]);
  });
});

type Input = Seen['watermarks']['tasks'][number]['inputs'][number];
type Upstream = Seen['watermarks']['tasks'][number]['nodes'][number]['upstream'][number];

const failure = { code: 'broker_unavailable', message: '127.0.0.1:9092: refused', remedy: 'Check that the brokers run.' };
const input = (more: Partial<Input>): Input => ({ topic: 't', partition: 0, node: 'in', watermark: 10 * hour, lag: 0, quiet_seconds: 0, idle_after_seconds: null, idle: false, internal: false, ...more });
const before3 = (more: Partial<Upstream>): Upstream => ({ input: 0, task: 'in-0', watermark: 10 * hour, idle: false, here: 'runs', heard: true, ...more });

const quick = { prepare: 1, write: 1, commit: 1, apply: 1, total: 4 };

/** A topology that keeps up, with what a situation changes of it. */
function seen({ detail, progress, inputs = [], upstream = [] }: { readonly detail?: Partial<Seen['detail']>; readonly progress?: Partial<Seen['progress']>; readonly inputs?: readonly Input[]; readonly upstream?: readonly Upstream[] }): Seen {
  const task = { task: 'counted-0', sub_topology: 'counted', timed: true, epoch: 1, watermark: 0, inputs: [...inputs], nodes: [{ node: 'counted', watermark: 0, upstream: [...upstream] }] };
  return {
    detail: { name: 'orders', state: 'running', paused: false, tasks: { assigned: 1, running: 1 }, lag: 0, failure: null, assigned: [], nodes: [{ name: 'out', kind: 'sink', counts: { received: 0, outputs: 0 } }], tables: [], restores: [], checkpoints: 1, last_checkpoint: 1, ...detail },
    progress: { topology: 'orders', window_seconds: 10, input_rate: 100, processing_rate: 100, batch_ms: quick, batch_mean_ms: quick, nodes: [], state_seconds: 60, behind_seconds: 0, seconds_since_checkpoint: 0, lag: 0, partitions: [], ...progress },
    watermarks: { topology: 'orders', tasks: [task] }
  };
}

describe('why, by what the API says', () => {
  const cases: readonly (readonly [string, Seen, Finding['code'], RegExp])[] = [
    ['a partition with older records', seen({ inputs: [input({}), input({ partition: 1, watermark: hour, lag: 40 })] }), 'partition_behind', /t\[1\] \(source in\) holds event time at 1970-01-01T01:00:00.000Z, 32400 s behind.*40 of its records/],
    ['a partition without records that is not idle yet', seen({ inputs: [input({}), input({ partition: 1, watermark: hour, quiet_seconds: 20, idle_after_seconds: 30 })] }), 'source_quiet', /t\[1\].*no record for 20 s/],
    ['inputs that are all idle', seen({ inputs: [input({ idle: true, quiet_seconds: 40 }), input({ partition: 1, idle: true, quiet_seconds: 60, watermark: hour })] }), 'source_quiet', /t\[0\], t\[1\] for 40 s: all is idle, and event time stays at 1970-01-01T10/],
    ['the side of a join that is missing', seen({ inputs: [input({}), input({ topic: 'u', node: 'other', watermark: null })] }), 'input_silent', /input other has said nothing.*u\[0\]/],
    ['a task upstream that is on no daemon here', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: hour, here: 'elsewhere' })] }), 'upstream_gone', /counted waits for task in-1, which does not run on this daemon; it stands at 1970/],
    ['a task upstream that fails here', seen({ upstream: [before3({}), before3({ task: 'in-1', watermark: null, here: 'does not run', heard: false })] }), 'upstream_gone', /in-1, which is assigned to this daemon and does not run; it stands nowhere/],
    ['a sink that slows all', seen({ progress: { lag: 90_000, processing_rate: 90, batch_ms: { prepare: 5, write: 800, commit: 150, apply: 5, total: 960 } } }), 'sink_slow', /Of 960 ms for a batch, the broker took 800 ms to take what out write/],
    ['a disk that slows all', seen({ progress: { lag: 90_000, processing_rate: 90, batch_ms: { prepare: 700, write: 10, commit: 10, apply: 50, total: 770 } } }), 'state_slow', /750 ms were for the disk/],
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

  it('says nothing of a backlog that is gone in a minute, nor of a partition a little behind', () => {
    assert.deepEqual(findings(seen({ progress: { lag: 50_000, processing_rate: 5000 }, inputs: [input({}), input({ partition: 1, watermark: 10 * hour - 500 })] }), 0).map(({ code }) => code), ['nothing']);
  });
});
