import type { Broker } from '../../actors/port.ts';
import type { BrokerConfig } from '../topology/model.ts';
import type { Logger } from '../telemetry/log.ts';
import { createEmbeddedBroker } from '../broker/embedded/index.ts';
import { createKafkajsBroker } from '../broker/kafkajs/index.ts';

/** The broker a topology names. */
export function createBroker(config: BrokerConfig, log: Logger): Broker {
  if (config.type === 'embedded') return createEmbeddedBroker({ path: config.path, partitions: config.partitions });
  return createKafkajsBroker({
    brokers: [...config.brokers],
    clientId: 'millrace',
    log: (level, message, extra) => { log[level]({ client: 'kafkajs', ...extra }, message); }
  });
}
