import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createKafkajsBroker } from '../../../src/broker/kafkajs/index.ts';

/** A listener that hangs up on everybody, as a broker that is starting does; whoever connects is noted. */
async function hangsUp(): Promise<{ readonly address: string; readonly connections: Socket[]; close(): void }> {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.on('error', () => undefined);
    setTimeout(() => socket.destroy(), 5);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections, close: () => { server.close(); } };
}

describe('connections of a broker that was closed', () => {
  for (const [what, begin] of [
    ['a transactional producer', (broker) => broker.transactionalProducer('t', 10_000).open()],
    ['a producer', (broker) => broker.producer().send([{ topic: 't', partition: 0, key: null, value: null, headers: [], timestamp: 0 }], 'none')]
  ] satisfies (readonly [string, (broker: ReturnType<typeof createKafkajsBroker>) => Promise<void>])[]) {
    it(`are not made anew for ${what} that was at it, though kafkajs tries for a quarter of a minute`, async () => {
      const server = await hangsUp();
      const broker = createKafkajsBroker({ brokers: [server.address], clientId: 'test' });
      const opening = begin(broker).then(() => null, (error: unknown) => error);
      while (server.connections.length < 3) await wait(10);
      await broker.close();
      assert.match(String(await opening), /closed by this side|is dead/);
      const made = server.connections.length;
      await wait(300);
      // One may have been on its way.
      assert.ok(server.connections.length <= made + 1, `${server.connections.length - made} more`);
      server.close();
    });
  }
});
