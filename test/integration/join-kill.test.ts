import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { embeddedBackend, kafkaBackend, stateDir } from '../support/backend.ts';
import type { Backend } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { feedUntilExit } from '../support/feed-until-exit.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { closeMatched, createMatchedTopics, feedMatched, matchedTopology, verifyMatched } from '../support/matched.ts';
import type { Matched, MatchedOptions } from '../support/matched.ts';
import { writeTopology } from '../support/plan.ts';

const count = 3000;
const points = ['P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6'];
const args = ['--session-timeout', '2'];

async function prepare(backend: Backend, options: MatchedOptions): Promise<{ matched: Matched; file: string }> {
  const matched = matchedTopology(backend, options);
  await backend.use(async (broker) => {
    await createMatchedTopics(broker, matched);
    await feedMatched(broker, matched, count);
  });
  return { matched, file: writeTopology(matched.yaml) };
}

/** Feeds more until the daemon is dead; gives how many orders there are in all. */
function feedMore(backend: Backend, matched: Matched, daemon: DaemonProcess): Promise<number> {
  return feedUntilExit(backend, daemon, { fed: count, step: 100, feed: (broker, more, from) => feedMatched(broker, matched, more, from) });
}

/** Runs to the end on a state directory, closes event time, and recomputes. */
async function finish(backend: Backend, matched: Matched, file: string, state: string, fed: number, once = true): Promise<DaemonProcess> {
  if (backend.name === 'embedded') await backend.use((broker) => closeMatched(broker, matched));
  const daemon = new DaemonProcess(file, { stateDir: state, args });
  if (backend.name !== 'embedded') await backend.use((broker) => closeMatched(broker, matched));
  await daemon.caughtUp();
  if (backend.name !== 'embedded') await backend.use((broker) => verifyMatched(broker, matched, fed, { once }));
  assert.equal(await daemon.stop(), 0, daemon.output);
  if (backend.name === 'embedded') await backend.use((broker) => verifyMatched(broker, matched, fed, { once }));
  return daemon;
}

async function killedAt(backend: Backend, point: string, options: MatchedOptions): Promise<void> {
  const { matched, file } = await prepare(backend, options);
  const state = stateDir();
  const first = new DaemonProcess(file, { stateDir: state, env: { MILLRACE_FAULT_AT: `${point}:kill@3` }, args });
  const fed = await feedMore(backend, matched, first);
  assert.equal((await first.exited).signal, 'SIGKILL', first.output);
  const second = await finish(backend, matched, file, state, fed);
  assert.doesNotMatch(second.output, /restoring the state/, 'its own directory is enough');
}

/** Without a hop the embedded broker has shown every point: on Kafka those that leave something half done. */
const variants: readonly (readonly [name: string, options: MatchedOptions, points: readonly string[]])[] = [
  ['behind repartition topics', {}, points],
  ['in the tasks that read', { local: true }, ['P1', 'P3', 'P4']]
];

describe('a dedupe and an outer join, killed between any two steps of a checkpoint on the embedded broker', { concurrency: 2 }, () => {
  for (const point of points) it(`at ${point}: each pair and each stray comes once`, () => killedAt(embeddedBackend(), point, { local: true }));
});

describe('a dedupe and an outer join, killed between any two steps of a checkpoint on Kafka', { concurrency: 4 }, () => {
  for (const [name, options, at] of variants) {
    for (const point of at) {
      it(`${name}, at ${point}: each pair and each stray comes once`, async (t) => {
        const kafka = await kafkaOrSkip(t);
        if (kafka !== null) await killedAt(kafkaBackend(kafka.brokers), point, options);
      });
    }
  }
});

describe('a dedupe and an outer join on Kafka', { concurrency: 4 }, () => {
  it('are rebuilt from their changelogs where their directory is gone', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const { matched, file } = await prepare(backend, {});
    const state = stateDir();
    const first = new DaemonProcess(file, { stateDir: state, args });
    await first.caughtUp();
    await first.kill();
    rmSync(state, { recursive: true });
    await backend.use((broker) => feedMatched(broker, matched, count, count));
    const second = await finish(backend, matched, file, state, 2 * count);
    assert.match(second.output, /restoring the state of (unique|matched)-\d: 0 of \d+ changes/);
  });

  it('repeat at most outputs under at_least_once, on the same machine and in one task', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    for (const point of ['P1', 'P4']) {
      const { matched, file } = await prepare(backend, { delivery: 'at_least_once', local: true });
      const state = stateDir();
      const first = new DaemonProcess(file, { stateDir: state, env: { MILLRACE_FAULT_AT: `${point}:kill@3` }, args });
      const fed = await feedMore(backend, matched, first);
      assert.equal((await first.exited).signal, 'SIGKILL', first.output);
      await finish(backend, matched, file, state, fed, false);
    }
  });
});
