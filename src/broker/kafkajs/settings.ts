import type { Peer } from '../../../actors/peer.ts';
import { type SaslSettings, tlsConnectOptions, type TlsSettings } from '../../../actors/security.ts';
import type { ConnectionSettings, LogEntry, Logger } from './internals.ts';
import { load } from './internals.ts';
import { patchKafkajs } from './patches.ts';
import { principalOf } from './principal.ts';
import { reauthenticationThreshold } from './sasl/authenticator.ts';
import { createSasl } from './sasl/create.ts';
import { openSocket } from './tls.ts';

/** Takes the log lines of kafkajs. */
export type KafkajsLog = (level: 'warn', message: string, extra: Readonly<Record<string, unknown>>) => void;

/** How the broker is reached. */
export interface KafkajsSettings {
  /** host:port of the first brokers to ask. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Where kafkajs' own log lines go; nowhere by default, because what matters arrives as a failure. */
  readonly log?: KafkajsLog;
  /** What an operator should know, and can do something about, though everything goes on. */
  readonly warn?: (message: string) => void;
  /** None means plain text. */
  readonly tls?: TlsSettings | null;
  /** None means that no name is given. */
  readonly sasl?: SaslSettings | null;
  /** How other daemons reach this one, asked for at each joining of a group; null where they cannot. */
  readonly peer?: () => Peer | null;
}

/** A request that takes longer is given up on. JoinGroup and Fetch add their own waiting time. */
export const requestTimeout = 15_000;

const connectionTimeout = 5_000;

/** What connections of this driver are made with. */
export function connectionSettings(settings: KafkajsSettings): ConnectionSettings {
  patchKafkajs();
  const sasl = settings.sasl ? createSasl(settings.sasl) : null;
  return {
    brokers: settings.brokers,
    clientId: settings.clientId,
    logger: createLogger(settings.log),
    socketFactory: openSocket,
    connectionTimeout,
    requestTimeout,
    authenticationTimeout: 10_000,
    reauthenticationThreshold,
    ssl: settings.tls ? tlsConnectOptions(settings.tls) : null,
    sasl,
    principal: () => principalOf(settings.tls ?? null, sasl),
    warn: settings.warn ?? (() => undefined),
    peer: settings.peer ?? (() => null),
    answered: { once: false }
  };
}

function createLogger(log: KafkajsLog | undefined): Logger {
  interface Loggers {
    readonly LEVELS: { readonly NOTHING: number; readonly ERROR: number };
    readonly createLogger: (options: { level: number; logCreator: () => (entry: LogEntry) => void }) => Logger;
  }
  const { LEVELS, createLogger: create } = load<Loggers>('loggers');
  // Kafkajs calls each try that is tried again an error.
  const write = ({ namespace, log: { message, ...extra } }: LogEntry): void => log?.('warn', message, { namespace, ...extra });
  return create({ level: log === undefined ? LEVELS.NOTHING : LEVELS.ERROR, logCreator: () => write });
}
