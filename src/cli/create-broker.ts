import type { Peer } from '../../actors/peer.ts';
import type { Broker } from '../../actors/port.ts';
import type { BrokerConfig } from '../topology/model.ts';
import type { Logger } from '../telemetry/log.ts';
import { createEmbeddedBroker } from '../broker/embedded/index.ts';
import { createKafkajsBroker } from '../broker/kafkajs/index.ts';

/** How a broker is used. */
export interface BrokerUse {
  /** To be looked at, also while a daemon runs an embedded one. */
  readonly readOnly?: boolean;
  /** How other daemons reach this one; null where they cannot. */
  readonly peer?: () => Peer | null;
}

/** The broker a topology names. */
export function createBroker(config: BrokerConfig, log: Logger, { readOnly = false, peer = () => null }: BrokerUse = {}): Broker {
  if (config.type === 'embedded') return createEmbeddedBroker({ path: config.path, partitions: config.partitions, readOnly });
  const { tls, sasl } = config;
  warnOfPlainText(config, log);
  return createKafkajsBroker({
    brokers: [...config.brokers],
    clientId: 'millrace',
    tls,
    sasl,
    peer,
    warn: (message) => { log.warn({ brokers: config.brokers }, message); },
    // What matters of these comes as a failure too; the lines themselves are for who looks into a broken connection.
    log: (level, message, extra) => { log.debug({ client: 'kafkajs', client_level: level, ...extra }, message); }
  });
}

/** Allowed, for there are networks of which nobody is afraid; told once at the start. */
function warnOfPlainText({ brokers, tls, sasl }: Extract<BrokerConfig, { type: 'kafka' }>, log: Logger): void {
  const remedy = 'Set broker.tls, with a listener that speaks it.';
  if (sasl !== null && tls === null) log.warn({ code: 'plaintext_credentials', brokers, mechanism: sasl.mechanism, remedy }, `credentials (${sasl.mechanism}) and all records go to ${brokers.join(', ')} as plain text: broker.sasl without broker.tls`);
  if (sasl?.mechanism === 'oauthbearer' && sasl.tokenEndpoint.startsWith('http:')) {
    log.warn({ code: 'plaintext_credentials', mechanism: sasl.mechanism, remedy: 'Use an https URL for token_endpoint.' }, 'the client secret goes to the token endpoint as plain text: token_endpoint without https');
  }
}
