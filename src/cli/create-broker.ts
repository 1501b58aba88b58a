import type { Broker } from '../../actors/port.ts';
import type { BrokerConfig } from '../topology/model.ts';
import type { Logger } from '../telemetry/log.ts';
import { createEmbeddedBroker } from '../broker/embedded/index.ts';
import { createKafkajsBroker } from '../broker/kafkajs/index.ts';

/** The broker a topology names; with `readOnly` to be looked at, also while a daemon runs an embedded one. */
export function createBroker(config: BrokerConfig, log: Logger, { readOnly = false } = {}): Broker {
  if (config.type === 'embedded') return createEmbeddedBroker({ path: config.path, partitions: config.partitions, readOnly });
  return createKafkajsBroker({
    brokers: [...config.brokers],
    clientId: 'millrace',
    // What matters of these comes as a failure too; the lines themselves are for who looks into a broken connection.
    log: (level, message, extra) => { log.debug({ client: 'kafkajs', client_level: level, ...extra }, message); }
  });
}
