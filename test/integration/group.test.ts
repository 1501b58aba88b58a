import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { writeTopology } from '../support/plan.ts';
import { feedNumbered, readCommitted, verifyNumbered } from '../support/stream.ts';

const shortSession = ['--session-timeout', '3'];

describe('two daemons in one group', { concurrency: 2 }, () => {
  for (const { partitions, count } of [{ partitions: 4, count: 30_000 }, { partitions: 64, count: 60_000 }]) {
    it(`share ${partitions} partitions; kill -9 of one in mid-stream loses nothing and doubles nothing`, async (t) => {
      const kafka = await kafkaOrSkip(t);
      if (kafka === null) return;
      const backend = kafkaBackend(kafka.brokers);
      const marked = markedTopology(backend);
      const file = writeTopology(marked.yaml);
      await backend.use(async (broker) => {
        await createTopics(broker, marked, partitions);
        const first = new DaemonProcess(file, { stateDir: stateDir(), args: shortSession });
        const second = new DaemonProcess(file, { stateDir: stateDir(), args: shortSession });
        const half = ({ topologies }: Awaited<ReturnType<DaemonProcess['readiness']>>): boolean => topologies.every(({ tasks }) => tasks.running === partitions / 2);
        await Promise.all([first.until(half), second.until(half)]);
        const feeding = feedNumbered(broker, marked.topics.in, count);
        await second.until(({ topologies }) => topologies.some(({ lag }) => lag > 0));
        await second.kill();
        await feeding;
        await first.until(({ ready, topologies }) => ready && topologies.every(({ tasks, lag }) => tasks.running === partitions && lag === 0));
        assert.equal(await first.stop(), 0, first.output);
        await verifyNumbered(broker, marked.topics, count);
      });
    });
  }

  it('a zombie, stopped past the session timeout and woken again, writes nothing', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const marked = markedTopology(backend);
    const file = writeTopology(marked.yaml);
    await backend.use(async (broker) => {
      await createTopics(broker, marked);
      const zombie = new DaemonProcess(file, { stateDir: stateDir(), args: shortSession });
      await zombie.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4);
      const feeding = feedNumbered(broker, marked.topics.in, 40_000);
      await zombie.until(({ topologies }) => topologies.some(({ lag }) => lag > 0));
      zombie.child.kill('SIGSTOP');
      const heir = new DaemonProcess(file, { stateDir: stateDir(), args: shortSession });
      await feeding;
      await heir.caughtUp();
      zombie.child.kill('SIGCONT');
      await feedNumbered(broker, marked.topics.in, 20_000, 40_000);
      const whole = async (): Promise<boolean> => {
        const all = (await Promise.all([zombie.readiness(), heir.readiness()])).flatMap(({ topologies }) => topologies);
        return all.every(({ lag, state }) => lag === 0 && state === 'running') && all.reduce((sum, { tasks }) => sum + tasks.running, 0) === 4;
      };
      const deadline = Date.now() + 30_000;
      while (!(await whole())) {
        assert.ok(Date.now() < deadline, `${zombie.output}\n${heir.output}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.deepEqual([await zombie.stop(), await heir.stop()], [0, 0]);
      await verifyNumbered(broker, marked.topics, 60_000);
    });
  });

  it('a zombie whose source has another name by now is fenced too, and refused when it comes back', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const marked = markedTopology(backend);
    const renamed = marked.yaml.replace('  in: {', '  arriving: {').replace('from: in', 'from: arriving');
    await backend.use(async (broker) => {
      await createTopics(broker, marked);
      const zombie = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir(), args: shortSession });
      await zombie.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4);
      const feeding = feedNumbered(broker, marked.topics.in, 40_000);
      await zombie.until(({ topologies }) => topologies.some(({ lag }) => lag > 0));
      zombie.child.kill('SIGSTOP');
      const heir = new DaemonProcess(writeTopology(renamed), { stateDir: stateDir(), args: shortSession });
      await feeding;
      await heir.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4);
      zombie.child.kill('SIGCONT');
      assert.equal((await zombie.exited).code, 78, zombie.output);
      assert.ok(zombie.lines.some((line) => line.includes('"plan_mismatch"')), zombie.output);
      await heir.caughtUp();
      assert.equal(await heir.stop(), 0, heir.output);
      await verifyNumbered(broker, marked.topics, 40_000);
    });
  });

  it('an exactly-once zombie whose heir runs at least once writes nothing more either', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const marked = markedTopology(backend);
    // The heir's records are told from the zombie's by the field they carry.
    const changed = marked.yaml.replace('exactly_once', 'at_least_once').replace('seen: now()', 'heir: now()');
    await backend.use(async (broker) => {
      await createTopics(broker, marked);
      const zombies = async (): Promise<number> => (await readCommitted(broker, marked.topics.out)).filter(({ value }) => Buffer.from(value ?? []).includes('"seen"')).length;
      const zombie = new DaemonProcess(writeTopology(marked.yaml), { stateDir: stateDir(), args: shortSession });
      await zombie.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4);
      const feeding = feedNumbered(broker, marked.topics.in, 40_000);
      await zombie.until(({ topologies }) => topologies.some(({ lag }) => lag > 0));
      zombie.child.kill('SIGSTOP');
      const heir = new DaemonProcess(writeTopology(changed), { stateDir: stateDir(), args: shortSession });
      await feeding;
      await heir.until(({ ready, topologies }) => ready && topologies[0]?.tasks.running === 4);
      const before = await zombies();
      zombie.child.kill('SIGCONT');
      assert.equal((await zombie.exited).code, 78, zombie.output);
      await heir.caughtUp();
      assert.equal(await heir.stop(), 0, heir.output);
      assert.equal(await zombies(), before);
      assert.ok(before < 36_000, 'the zombie was stopped before its end');
    });
  });
});
