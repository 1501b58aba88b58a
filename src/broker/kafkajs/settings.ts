import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';
import type { ConnectionSettings, LogEntry, Logger } from './internals.ts';
import { load } from './internals.ts';
import { patchKafkajs } from './patches.ts';

/** Takes the log lines of kafkajs. */
export type KafkajsLog = (level: 'warn', message: string, extra: Readonly<Record<string, unknown>>) => void;

/** How the broker is reached. */
export interface KafkajsSettings {
  /** host:port of the first brokers to ask. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Where kafkajs' own log lines go; nowhere by default, because what matters arrives as a failure. */
  readonly log?: KafkajsLog;
  /** As for `tls.connect`, or true; none means plain text. */
  readonly ssl?: boolean | object;
  /** As for kafkajs: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512' | 'oauthbearer', … }. */
  readonly sasl?: object;
}

/** A request that takes longer is given up on. JoinGroup and Fetch add their own waiting time. */
export const requestTimeout = 15_000;

const connectionTimeout = 5_000;
const keepAliveDelay = 60_000;

/** What connections of this driver are made with. */
export function connectionSettings(settings: KafkajsSettings): ConnectionSettings {
  patchKafkajs();
  return {
    brokers: settings.brokers,
    clientId: settings.clientId,
    logger: createLogger(settings.log),
    socketFactory: openSocket,
    connectionTimeout,
    requestTimeout,
    authenticationTimeout: 10_000,
    reauthenticationThreshold: 10_000,
    ssl: settings.ssl === true ? {} : settings.ssl === false ? null : (settings.ssl ?? null),
    sasl: settings.sasl ?? null
  };
}

/** Like kafkajs' own network/socketFactory.js, but without Nagle's delay, which holds back small requests on real networks. */
function openSocket({ host, port, ssl, onConnect }: { host: string; port: number; ssl?: object; onConnect: () => void }): Socket {
  const socket = ssl
    ? connectTls({ host, port, servername: host, ...ssl }, onConnect)
    : createConnection({ host, port }, onConnect);
  socket.setKeepAlive(true, keepAliveDelay);
  socket.setNoDelay(true);
  return socket;
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
