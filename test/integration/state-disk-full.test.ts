import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Broker } from '../../actors/port.ts';
import { createKafkajsBroker } from '../../src/broker/kafkajs/index.ts';
import { DaemonProcess } from '../support/daemon.ts';
import { kafkaOrSkip } from '../support/kafka.ts';

/** A file system of 40 MiB; null where mounting one is not allowed. */
function smallDisk(): string | null {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-full-'));
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', dir], { stdio: 'ignore' }).status === 0 ? dir : null;
}

const topology = (brokers: string, name: string): string => `
name: ${name}
broker: { type: kafka, brokers: ["${brokers}"] }
on_error: fail
sources:
  in: { type: kafka, topic: ${name}-in, start: earliest, codec: json }
transforms:
  counts: { type: window, from: in, key: key, window: { type: tumbling, size: 1h }, aggregate: { count: count() }, emit: update, late: drop }
sinks:
  out: { type: kafka, from: counts, topic: ${name}-out }
`;

async function send(broker: Broker, topic: string, from: number, count: number): Promise<void> {
  const producer = broker.producer();
  const records = Array.from({ length: count }, (_, index) => ({ topic, partition: 0, key: Buffer.from(`key-${from + index}`), value: Buffer.from('{}'), headers: [], timestamp: 1_795_420_920_000 }));
  await producer.send(records, 'none');
  await producer.close();
}

describe('a state directory whose disk is full', () => {
  const disk = smallDisk();
  after(() => { if (disk !== null) execFileSync('umount', ['-l', disk]); });

  it('keeps the task waiting, which /readyz says, and it goes on by itself where there is room again', { skip: disk === null && 'mounting a tmpfs is not allowed here' }, async (t) => {
    const kafka = await kafkaOrSkip(t);
    if (kafka === null) return;
    const dir = disk as string;
    const name = `full${process.pid}`;
    const broker = createKafkajsBroker({ brokers: [kafka.brokers], clientId: 'test' });
    await broker.connect();
    const file = join(mkdtempSync(join(tmpdir(), 'millrace-')), 'topology.yaml');
    writeFileSync(file, topology(kafka.brokers, name));
    await broker.createTopics([`${name}-in`, `${name}-out`].map((topic) => ({ topic, partitions: 1 })));
    await send(broker, `${name}-in`, 0, 100);
    const daemon = new DaemonProcess(file, { stateDir: join(dir, 'state'), args: ['--create-topics'] });
    await daemon.caughtUp();
    const { bavail, bsize } = statfsSync(dir);
    writeFileSync(join(dir, 'filler'), Buffer.alloc(bavail * bsize - 4 * 1024 * 1024));
    await send(broker, `${name}-in`, 100, 100);
    await daemon.until(({ ready, topologies }) => !ready && topologies[0]?.failure?.code === 'state_disk_full');
    const committed = async (): Promise<number | undefined> => (await broker.committed(name, [{ topic: `${name}-in`, partition: 0 }]))[0]?.offset;
    assert.equal(await committed(), 100);
    rmSync(join(dir, 'filler'));
    await daemon.caughtUp();
    assert.equal(await committed(), 200);
    assert.equal(await daemon.stop(), 0);
    assert.match(daemon.output, /state_disk_full/);
    assert.doesNotMatch(daemon.output, /crash_loop|could not be used/);
    await broker.close();
  });
});
