import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { backends, createTopics, kafkaBackend, markedTopology, stateDir } from '../support/backend.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';
import { feedNumbered, readCommitted, verifyNumbered } from '../support/stream.ts';

async function line(daemon: DaemonProcess, text: string, from = 0): Promise<number> {
  for (let tries = 0; tries < 400; tries += 1) {
    const at = daemon.lines.findIndex((each, index) => index >= from && each.includes(text));
    if (at >= 0) return at;
    await wait(50);
  }
  throw new Error(`No line with ${text}:\n${daemon.output}`);
}

for (const { name, open } of backends) {
  describe(`reload on ${name}`, () => {
    it('swaps what changed, starts and stops what came and went, and with a mistake keeps all as it was', async (t) => {
      const backend = await open(t);
      if (backend === null) return;
      const folder = mkdtempSync(join(tmpdir(), 'millrace-reload-'));
      const one = markedTopology(backend);
      const two = markedTopology(backend);
      const put = (file: string, text: string): void => { writeFileSync(join(folder, file), text); };
      await backend.use(async (broker) => {
        await createTopics(broker, one);
        await createTopics(broker, two);
        await feedNumbered(broker, one.topics.in, 500);
        await feedNumbered(broker, two.topics.in, 500);
      });
      put('one.yaml', one.yaml);
      const daemon = new DaemonProcess(folder, { stateDir: stateDir() });
      await daemon.caughtUp();

      put('one.yaml', one.yaml.replace('type: map', 'type: mop'));
      daemon.child.kill('SIGHUP');
      let at = await line(daemon, 'reload refused: everything goes on as it was');
      assert.ok(daemon.lines.some((each) => /"level":50.*one\.yaml:\d+:\d+: unknown_type/.test(each)), daemon.output);
      put('one.yaml', '');
      daemon.child.kill('SIGHUP');
      at = await line(daemon, 'reload refused', at + 1);
      put('one.yaml', one.yaml);
      put('two.yaml', two.yaml);
      daemon.child.kill('SIGHUP');
      at = await line(daemon, `reload: started ${two.name}`, at + 1);
      await daemon.until(({ topologies }) => topologies.length === 2);
      await daemon.caughtUp();
      daemon.child.kill('SIGHUP');
      at = await line(daemon, 'reload: nothing has changed', at + 1);
      rmSync(join(folder, 'two.yaml'));
      put('one.yaml', one.yaml.replace('{ seen: now() }', '{ seen: now(), version: 2 }'));
      daemon.child.kill('SIGHUP');
      at = await line(daemon, `reload: changed ${one.name}; stopped ${two.name}`, at + 1);
      await daemon.until(({ topologies }) => topologies.length === 1 && topologies[0]?.state === 'running');
      if (name === 'Kafka') {
        // Topics that are not there are found before the swap.
        put('one.yaml', one.yaml.replace(one.topics.out, `${one.name}-nowhere`));
        daemon.child.kill('SIGHUP');
        await line(daemon, `topic_missing: A topic does not exist`, at + 1);
        await line(daemon, 'reload refused', at + 1);
        await backend.use((broker) => feedNumbered(broker, one.topics.in, 500, 500));
      }
      await daemon.caughtUp();
      assert.match(await daemon.metrics(), /millrace_config_reloads_total\{result="refused"\} [23]/);
      assert.equal(await daemon.stop(), 0, daemon.output);
      const count = name === 'Kafka' ? 1000 : 500;
      await backend.use(async (broker) => {
        await verifyNumbered(broker, one.topics, count);
        await verifyNumbered(broker, two.topics, 500);
        const versions = (await readCommitted(broker, one.topics.out)).filter(({ value }) => Buffer.from(value ?? []).includes('"version":2'));
        assert.equal(versions.length, name === 'Kafka' ? 450 : 0);
      });
    });
  });
}

describe('reload under load', () => {
  it('swaps again and again by --watch, from files put in place whole and written in halves, and nothing is lost or doubled', async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const backend = kafkaBackend(kafka.brokers);
    const marked = markedTopology(backend);
    const folder = mkdtempSync(join(tmpdir(), 'millrace-watch-'));
    const file = join(folder, 'marked.yaml');
    writeFileSync(file, marked.yaml);
    await backend.use((broker) => createTopics(broker, marked));
    const daemon = new DaemonProcess(file, { stateDir: stateDir(), args: ['--watch'] });
    await backend.use(async (broker) => {
      const feeding = feedNumbered(broker, marked.topics.in, 60_000);
      await daemon.until(({ ready }) => ready);
      let at = 0;
      for (let version = 1; version <= 4; version += 1) {
        const text = marked.yaml.replace('{ seen: now() }', `{ seen: now(), version: ${version} }`);
        if (version % 2 === 0) {
          writeFileSync(`${file}.new`, text);
          renameSync(`${file}.new`, file);
        } else {
          writeFileSync(file, text.slice(0, text.indexOf('transforms:') + 20));
          await line(daemon, 'reload refused', at);
          writeFileSync(file, text);
        }
        at = (await line(daemon, `reload: changed ${marked.name}`, at)) + 1;
      }
      await feeding;
      await daemon.caughtUp();
      assert.equal(await daemon.stop(), 0, daemon.output);
      await verifyNumbered(broker, marked.topics, 60_000);
    });
  });
});
