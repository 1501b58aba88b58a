import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { backends, createTopics, embeddedBackend, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import type { Marked } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, verifyNumbered } from '../support/stream.ts';

/** A folder with several topologies. */
function folderOf(topologies: readonly Marked[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-folder-'));
  for (const { name, yaml } of topologies) writeFileSync(join(folder, `${name}.yaml`), yaml);
  return folder;
}

/** A second topology that reads what the first writes. */
function behind(first: Marked, second: Marked): Marked {
  return { ...second, yaml: second.yaml.replace(second.topics.in, first.topics.out) };
}

for (const { name, open } of backends) {
  describe(`several topologies in one daemon, on ${name}`, { concurrency: 2 }, () => {
    it('one behind the other: all is through and lag is exactly 0 after the transactional writer stops', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const first = markedTopology(backend);
      const second = behind(first, markedTopology(backend));
      await backend.use(async (broker) => {
        await createTopics(broker, first);
        await createTopics(broker, second);
        await feedNumbered(broker, first.topics.in, 2000);
      });
      const daemon = new DaemonProcess(folderOf([first, second]), { stateDir: stateDir() });
      const through = (text: string): number => Number(new RegExp(`millrace_records_in_total\\{topology="${second.name}",node="out",kind="sink"\\} (\\d+)`).exec(text)?.[1] ?? 0);
      for (let tries = 0; through(await daemon.metrics()) < 1800 && tries < 300; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50));
      await daemon.caughtUp();
      const metrics = await daemon.metrics();
      assert.equal(through(metrics), 1800);
      for (const line of metrics.split('\n').filter((each) => each.startsWith('millrace_consumer_lag_records{'))) assert.match(line, / 0$/);
      assert.equal(await daemon.stop(), 0, daemon.output);
      await backend.use((broker) => verifyNumbered(broker, { out: second.topics.out, bad: first.topics.bad }, 2000));
    });

    it('one that fails leaves the other alone; the exit code comes when none is left', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const good = markedTopology(backend);
      const bad = markedTopology(backend);
      const strict = { ...bad, yaml: bad.yaml.replace(/on_error: .*/, 'on_error: fail') };
      await backend.use(async (broker) => {
        await createTopics(broker, good);
        await createTopics(broker, bad);
        await feedNumbered(broker, good.topics.in, 500);
        await feedNumbered(broker, bad.topics.in, 500);
      });
      const daemon = new DaemonProcess(folderOf([good, strict]), { stateDir: stateDir() });
      await daemon.until(({ topologies }) => topologies.some(({ state, failure }) => state === 'failed' && failure?.code === 'record_failed'));
      await daemon.until(({ topologies }) => topologies.some(({ name: each, state, lag, tasks }) => each === good.name && state === 'running' && lag === 0 && tasks.running === 4));
      assert.equal(await daemon.stop(), 65, daemon.output);
      assert.ok(daemon.lines.some((line) => line.includes('"record_failed"') && /offset \d+ failed at in: undecodable/.test(line)), daemon.output);
      await backend.use((broker) => verifyNumbered(broker, good.topics, 500));
    });
  });
}

describe('two different plans in one group', () => {
  it('the newcomer is refused, with both signatures; who was there goes on', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const marked = markedTopology(backend);
    await backend.use((broker) => createTopics(broker, marked));
    const first = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir() });
    await first.until(({ topologies }) => topologies[0]?.tasks.running === 4);
    const other = new DaemonProcess(writeTopology(marked.yaml.replace('exactly_once', 'at_least_once')), { stateDir: stateDir() });
    assert.equal((await other.exited).code, 78);
    assert.ok(other.lines.some((line) => /"plan_mismatch".* runs the plan \w{16}, this member has \w{16}/.test(line)), other.output);
    await backend.use((broker) => feedNumbered(broker, marked.topics.in, 500));
    await first.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4 && topologies[0].lag === 0);
    assert.equal(await first.stop(), 0, first.output);
  });

  it('a second daemon on one state directory is refused at once, with the pid', async () => {
    const backend = embeddedBackend();
    const marked = markedTopology(backend);
    const state = stateDir();
    const first = new DaemonProcess(writeTopology(marked.yaml), { stateDir: state });
    await first.until(({ ready }) => ready);
    const second = new DaemonProcess(writeTopology(marked.yaml), { stateDir: state });
    assert.equal((await second.exited).code, 73);
    assert.match(second.output, new RegExp(`state_locked: .*pid ${first.child.pid}`));
    assert.equal(await first.stop(), 0);
  });
});
