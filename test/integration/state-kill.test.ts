import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { embeddedBackend, kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { countedTopology, createCountedTopics, feedCounted, verifyCounted } from '../support/counted.ts';
import type { Counted, CountedOptions } from '../support/counted.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { feedUntilExit } from '../support/feed-until-exit.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';

const count = 12_000;
const points = ['P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6'];
const args = ['--session-timeout', '2'];

/** A topology with its topics and a backlog. */
async function prepare(backend: Backend, options: CountedOptions, records = count): Promise<{ counted: Counted; file: string }> {
  const counted = countedTopology(backend, options);
  await backend.use(async (broker) => {
    await createCountedTopics(broker, counted);
    await feedCounted(broker, counted.topics.in, records);
  });
  return { counted, file: writeTopology(counted.yaml) };
}

/** Starts a daemon that kills itself at a point, then another on the same directory, and recomputes. */
async function killedAt(backend: Backend, point: string, options: CountedOptions): Promise<void> {
  const { counted, file } = await prepare(backend, options);
  const state = stateDir();
  const first = new DaemonProcess(file, { stateDir: state, env: { MILLRACE_FAULT_AT: `${point}:kill@3` }, args });
  const fed = await feedMore(backend, counted, first);
  const { signal } = await first.exited;
  assert.equal(signal, 'SIGKILL', first.output);
  const second = new DaemonProcess(file, { stateDir: state, args });
  await second.caughtUp();
  assert.equal(await second.stop(), 0, second.output);
  assert.doesNotMatch(second.output, /restoring the state/, 'its own directory is enough');
  await backend.use((broker) => verifyCounted(broker, counted.topics.out, fed));
}

/** Feeds more until the daemon is dead; gives how many records there are in all. */
function feedMore(backend: Backend, { topics }: Counted, daemon: DaemonProcess): Promise<number> {
  return feedUntilExit(backend, daemon, { fed: count, step: 200, feed: (broker, more, from) => feedCounted(broker, topics.in, more, from) });
}

const variants: readonly (readonly [name: string, options: CountedOptions])[] = [
  ['behind a repartition topic', {}],
  ['behind a repartition topic, without changelog', { changelog: 'off' }],
  ['in the task that reads', { local: true }]
];

describe('keyed state, killed between any two steps of a checkpoint on the embedded broker', { concurrency: 2 }, () => {
  for (const [name, options] of variants.slice(0, 1)) {
    for (const point of points) it(`${name}, at ${point}: is the fold of the committed inputs, and outputs come once`, () => killedAt(embeddedBackend(), point, options));
  }
});

describe('keyed state, killed between any two steps of a checkpoint on Kafka', { concurrency: 4 }, () => {
  for (const [name, options] of variants) {
    for (const point of points) {
      it(`${name}, at ${point}: is the fold of the committed inputs, and outputs come once`, async (t) => {
        const kafka = await kafkaOrSkip(t);
        if (kafka !== null) await killedAt(kafkaBackend(kafka.brokers), point, options);
      });
    }
  }
});

describe('keyed state on Kafka', { concurrency: 4 }, () => {
  it('is right after kills at random moments', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const { counted, file } = await prepare(backend, {}, 60_000);
    const state = stateDir();
    for (const milliseconds of [150, 400, 30, 250, 600, 90]) {
      const daemon = new DaemonProcess(file, { stateDir: state, args });
      await daemon.until(({ topologies }) => topologies.some(({ tasks }) => tasks.running > 0));
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      await daemon.kill();
    }
    const last = new DaemonProcess(file, { stateDir: state, args });
    await last.caughtUp();
    assert.equal(await last.stop(), 0);
    await backend.use((broker) => verifyCounted(broker, counted.topics.out, 60_000));
  });

  it('is rebuilt from the changelog where its directory is gone', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const { counted, file } = await prepare(backend, {});
    const state = stateDir();
    const first = new DaemonProcess(file, { stateDir: state, args });
    await first.caughtUp();
    await first.kill();
    rmSync(state, { recursive: true });
    await backend.use((broker) => feedCounted(broker, counted.topics.in, 6000, count));
    const second = new DaemonProcess(file, { stateDir: state, args });
    await second.caughtUp();
    assert.equal(await second.stop(), 0);
    assert.match(second.output, /restoring the state of counts-\d: 0 of \d+ changes/);
    await backend.use((broker) => verifyCounted(broker, counted.topics.out, count + 6000));
  });

  it('is never that of an attempt whose owner was fenced: a prepared epoch of another member is dropped', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const { counted, file } = await prepare(backend, { local: true });
    const [one, other] = [stateDir(), stateDir()];
    const killed = new DaemonProcess(file, { stateDir: one, env: { MILLRACE_FAULT_AT: 'P1:kill@6' }, args });
    const fed = await feedMore(backend, counted, killed);
    assert.equal((await killed.exited).signal, 'SIGKILL', killed.output);
    const successor = new DaemonProcess(file, { stateDir: other, args });
    await successor.caughtUp();
    assert.equal(await successor.stop(), 0);
    await backend.use((broker) => feedCounted(broker, counted.topics.in, 6000, fed));
    const back = new DaemonProcess(file, { stateDir: one, args });
    await back.caughtUp();
    assert.equal(await back.stop(), 0);
    const totals = [...back.output.matchAll(/0 of (\d+) changes/g)].map(([, total]) => Number(total));
    assert.equal(totals.length > 0, true, 'only the difference is read back');
    await backend.use((broker) => verifyCounted(broker, counted.topics.out, fed + 6000));
  });

  it('stops where changelog is off and the state is on another machine', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const { file } = await prepare(backend, { changelog: 'off' });
    const first = new DaemonProcess(file, { stateDir: stateDir(), args });
    await first.caughtUp();
    assert.equal(await first.stop(), 0);
    const elsewhere = new DaemonProcess(file, { stateDir: stateDir(), args });
    const { code } = await elsewhere.exited;
    assert.notEqual(code, 0);
    assert.match(elsewhere.output, /state_missing/);
  });

  it('keeps all state when an unrelated source is added', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const { counted, file } = await prepare(backend, {});
    const state = stateDir();
    const first = new DaemonProcess(file, { stateDir: state, args });
    await first.caughtUp();
    assert.equal(await first.stop(), 0);
    const other = `${counted.name}-other`;
    await backend.use(async (broker) => {
      await broker.createTopics([{ topic: other, partitions: 2 }, { topic: `${other}-out`, partitions: 2 }]);
      await feedCounted(broker, counted.topics.in, 6000, count);
    });
    const wider = countedTopology(backend, { name: counted.name, more: `  another: { type: kafka, topic: ${other} }` }).yaml.replace(/\nsinks:\n/, `\nsinks:\n  also: { type: kafka, from: another, topic: ${other}-out }\n`);
    const second = new DaemonProcess(writeTopology(wider), { stateDir: state, args });
    await second.caughtUp();
    assert.equal(await second.stop(), 0);
    assert.doesNotMatch(second.output, /restoring the state/);
    await backend.use((broker) => verifyCounted(broker, counted.topics.out, count + 6000));
  });

  it('is repeated at most in the outputs under at_least_once, on the same machine and in one task', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    for (const point of ['P1', 'P3', 'P4']) {
      const { counted, file } = await prepare(backend, { delivery: 'at_least_once', local: true });
      const state = stateDir();
      const first = new DaemonProcess(file, { stateDir: state, env: { MILLRACE_FAULT_AT: `${point}:kill@3` }, args });
      const fed = await feedMore(backend, counted, first);
      assert.equal((await first.exited).signal, 'SIGKILL', first.output);
      const second = new DaemonProcess(file, { stateDir: state, args });
      await second.caughtUp();
      assert.equal(await second.stop(), 0);
      await backend.use((broker) => verifyCounted(broker, counted.topics.out, fed, { once: false }));
    }
  });
});
