import { Failure } from '../../../../actors/failure.ts';
import { failureOf, protocolError } from '../failures.ts';
import type { Decoded, Encoder, ProtocolRequest } from '../internals.ts';
import { load } from '../internals.ts';
import { Cursor } from '../reading.ts';
import { SecurityError } from '../security-error.ts';
import type { SaslClient } from './create.ts';

/*
 * In the place of kafkajs' broker/saslAuthenticator: SaslHandshake 1 and SaslAuthenticate 1 (KIP-43, 152, 368). kafkajs' own takes whatever goes wrong
 * meanwhile, a lost connection too, for wrong credentials, and counts the end of a session from the wrong side where that is short.
 */

/** What kafkajs takes off the life of a session (its own option, which is also its default). */
export const reauthenticationThreshold = 10_000;
/** A session is renewed when this much of its life is over, as by the Java client (85 to 95 %). */
const sessionShare = 0.85;
/** Brokers take no two authentications of a connection within a second (KafkaChannel.java). */
const leastSession = 1_100;

const handshakeKey = 17;
const authenticateKey = 36;
const unsupportedMechanism = 33;
const illegalState = 34;
const authenticationFailed = 58;

interface Authenticating {
  readonly host: string;
  readonly port: number;
  readonly sasl: SaslClient;
  /** Null until it has authenticated once. */
  readonly authenticatedAt: unknown;
  send(request: ProtocolRequest): Promise<unknown>;
}

interface Answer extends Decoded {
  readonly errorCode: number;
  readonly message: string | null;
  readonly mechanisms: readonly string[];
  readonly bytes: Buffer;
  readonly lifetime: number;
}

/** One authentication of one connection, made by kafkajs' Connection. */
export class Authenticator {
  /** Milliseconds, as text; kafkajs authenticates anew when it is over, less its threshold. 0: never. */
  sessionLifetime = '0';
  readonly #connection: Authenticating;

  constructor(connection: Authenticating) {
    this.#connection = connection;
  }

  /** Rejects with a `SecurityError` for a refusal, and with what kafkajs rejects with for a connection that is lost. */
  async authenticate(): Promise<void> {
    const { sasl, host, port } = this.#connection;
    await sasl.gate.pass(`${host}:${port}`, async () => {
      try {
        await this.#handshake();
        await sasl.mechanism.authenticate((bytes) => this.#exchange(bytes));
      } catch (error) {
        if (error instanceof Failure) throw new SecurityError(this.#about(error));
        throw error;
      }
    });
  }

  async #handshake(): Promise<void> {
    const { name } = this.#connection.sasl.mechanism;
    const { errorCode, mechanisms } = await this.#ask(handshakeKey, 'SaslHandshake', (out) => out.writeString(name), readHandshake);
    if (errorCode === unsupportedMechanism) throw new Failure('authentication_failed', `this listener has no ${name}; it has ${mechanisms.join(', ')}`);
    if (errorCode === illegalState && this.#connection.authenticatedAt !== null) throw new Failure('broker_unavailable', 'the session ended too soon to be renewed');
    if (errorCode === illegalState) throw new Failure('authentication_failed', 'this listener has no SASL: leave broker.sasl out, or use the port of another listener');
    if (errorCode !== 0) throw protocolError(errorCode);
  }

  async #exchange(bytes: Buffer): Promise<Buffer> {
    const answer = await this.#ask(authenticateKey, 'SaslAuthenticate', (out) => out.writeBytes(bytes), readAuthenticate);
    if (answer.errorCode === authenticationFailed) throw new Failure('authentication_failed', `the broker says: ${answer.message ?? 'no'}`);
    if (answer.errorCode !== 0) throw failureOf(protocolError(answer.errorCode), answer.message ?? 'authenticating');
    if (answer.lifetime > 0) this.sessionLifetime = String(Math.max(Math.round(answer.lifetime * sessionShare), leastSession) + reauthenticationThreshold);
    return answer.bytes;
  }

  async #ask(apiKey: number, apiName: string, write: (out: SaslEncoder) => Encoder, read: (cursor: Cursor) => Answer): Promise<Answer> {
    const KafkajsEncoder = load<new () => SaslEncoder>('protocol/encoder');
    const request = { apiKey, apiName, apiVersion: 1, encode: () => Promise.resolve(write(new KafkajsEncoder())) };
    const response = { decode: (raw: Buffer) => Promise.resolve(read(new Cursor(raw))), parse: (decoded: Decoded) => decoded };
    return (await this.#connection.send({ request, response, logResponseError: false })) as Answer;
  }

  #about(failure: Failure): Failure {
    const { host, port, sasl } = this.#connection;
    return new Failure(failure.code, `SASL ${sasl.mechanism.name} as ${sasl.mechanism.who} at ${host}:${port}: ${failure.message}`, { cause: failure.cause });
  }
}

interface SaslEncoder extends Encoder {
  writeString(text: string): Encoder;
  writeBytes(bytes: Buffer): Encoder;
}

const nothing = { message: null, mechanisms: [], bytes: Buffer.alloc(0), lifetime: 0 };

function readHandshake(cursor: Cursor): Answer {
  const errorCode = cursor.int16();
  const mechanisms: string[] = [];
  for (let count = cursor.int32(); count > 0; count--) mechanisms.push(cursor.string());
  return { ...nothing, errorCode, mechanisms };
}

function readAuthenticate(cursor: Cursor): Answer {
  const errorCode = cursor.int16();
  const message = cursor.slice(Math.max(cursor.int16(), 0)).toString('utf8');
  const bytes = cursor.slice(Math.max(cursor.int32(), 0));
  return { ...nothing, errorCode, message: message === '' ? null : message, bytes, lifetime: cursor.int64() };
}
