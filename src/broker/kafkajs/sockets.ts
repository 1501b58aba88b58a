import { Failure } from '../../../actors/failure.ts';
import type { ConnectionSettings } from './internals.ts';
import { SecurityError } from './security-error.ts';

type SocketFactory = ConnectionSettings['socketFactory'];

const ended = new WeakSet<SocketFactory>();

/** Settings of connections that end together. */
export interface Ending {
  readonly settings: ConnectionSettings;
  /** From now on none of them connects. */
  end(): void;
}

/**
 * Connections that can be ended for good. Cutting them is not enough: an operation that is under way finds its connection cut, and kafkajs connects anew for it, on its own; the
 * operation ends, the connection stays, and the process with it.
 */
export function endable(settings: ConnectionSettings): Ending {
  const socketFactory: SocketFactory = (target) => settings.socketFactory(target);
  return { settings: { ...settings, socketFactory }, end: () => { ended.add(socketFactory); } };
}

/** What ends kafkajs' retry loops, for a connection that has ended for good; null for one that has not. */
export function endedError(socketFactory: SocketFactory): Error | null {
  return ended.has(socketFactory) ? new SecurityError(closedFailure()) : null;
}

/** Of what waits for an answer, or begins, when this side has closed. */
export function closedFailure(): Failure {
  return new Failure('broker_unavailable', 'The connection was closed by this side');
}
