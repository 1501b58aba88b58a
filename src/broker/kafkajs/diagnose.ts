import type { Socket } from 'node:net';
import { Failure } from '../../../actors/failure.ts';
import type { ConnectionSettings, KafkajsError } from './internals.ts';
import { isTlsRefusal, openSocket } from './tls.ts';

/*
 * A broker that is spoken to in the wrong protocol says nothing: it hangs up. So where one has hung up before it ever answered, one more connection
 * asks in the other protocol. Only an answer in it counts; everything else stays what it was, a broker that cannot be reached now.
 */

const patience = 2_000;
const apiVersionsKey = 18;
const saslHandshakeKey = 17;
const unsupportedMechanism = 33;
/** No request of ours has it, so an answer with it is an answer to this one. */
const correlation = 0x6d72;

/** Why an address hangs up, where that is certain; null where it is not. Sends no credentials. */
export async function diagnose(error: unknown, { host, port }: { readonly host: string; readonly port: number }, { ssl, sasl }: ConnectionSettings): Promise<Failure | null> {
  if (!isHangUp(error)) return null;
  const at = `${host}:${port}`;
  if (ssl) return (await answersPlainly(host, port)) ? new Failure('tls_failed', `TLS to ${at}: the broker speaks plain text there; leave broker.tls out, or use the port of its listener with TLS`) : null;
  if (await answersTls(host, port)) return new Failure('tls_failed', `plain text to ${at}: the broker speaks TLS there; set broker.tls, or use the port of its listener without`);
  return sasl ? null : wantsSasl(host, port, null, at);
}

/** Why a listener that has answered who it is hangs up on the first question: it asks for names. Null where that is not certain. */
export async function diagnoseSasl(error: unknown, { host, port }: { readonly host: string; readonly port: number }, { ssl, sasl }: ConnectionSettings): Promise<Failure | null> {
  if (sasl || !isHangUp(error)) return null;
  return wantsSasl(host, port, ssl ?? null, `${host}:${port}`);
}

function isHangUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code } = error as KafkajsError;
  return name === 'KafkaJSConnectionClosedError' || (name === 'KafkaJSConnectionError' && (code === undefined || code === 'ECONNRESET' || code === 'EPIPE'));
}

async function wantsSasl(host: string, port: number, ssl: object | null, at: string): Promise<Failure | null> {
  const answer = await ask(host, port, ssl, request(saslHandshakeKey, 1, Buffer.from([0, 0])));
  if (answer === null || answer.length < 6 || answer.readInt16BE(0) !== unsupportedMechanism) return null;
  const mechanisms: string[] = [];
  for (let left = answer.readInt32BE(2), offset = 6; left > 0 && offset + 2 <= answer.length; left--) {
    const length = answer.readUInt16BE(offset);
    mechanisms.push(answer.toString('utf8', offset + 2, offset + 2 + length));
    offset += 2 + length;
  }
  return new Failure('authentication_failed', `the broker at ${at} asks who this is: set broker.sasl, with one of ${mechanisms.join(', ')}`);
}

async function answersPlainly(host: string, port: number): Promise<boolean> {
  return (await ask(host, port, null, request(apiVersionsKey, 0, Buffer.alloc(0)))) !== null;
}

/** A request in its oldest header (KIP-482: version 1), from nobody. */
function request(key: number, version: number, body: Buffer): Buffer {
  const head = Buffer.alloc(14);
  head.writeInt32BE(10 + body.length, 0);
  head.writeInt16BE(key, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlation, 8);
  head.writeInt16BE(-1, 12);
  return Buffer.concat([head, body]);
}

/** What is answered to one request, behind the correlation id; null where nothing comes, or something else. */
function ask(host: string, port: number, ssl: object | null, bytes: Buffer): Promise<Buffer | null> {
  return attempt(host, port, ssl, (socket, done) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length < 8) return;
      const size = all.readInt32BE(0);
      if (size < 4 || size > 1_048_576 || all.readInt32BE(4) !== correlation) done(null);
      else if (all.length >= 4 + size) done(all.subarray(8, 4 + size));
    });
    socket.write(bytes);
  });
}

/** A handshake that comes through, or fails over a certificate, is one. Nothing is sent through it. */
async function answersTls(host: string, port: number): Promise<boolean> {
  let refused = false;
  const through = await attempt(host, port, { minVersion: 'TLSv1.2' }, (_socket, done) => { done(Buffer.alloc(0)); }, (code) => {
    refused = isTlsRefusal(code) && code !== 'ERR_SSL_WRONG_VERSION_NUMBER' && code !== 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
  });
  return through !== null || refused;
}

function attempt(host: string, port: number, ssl: object | null, connected: (socket: Socket, done: (answer: Buffer | null) => void) => void, failed?: (code: unknown) => void): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const done = (answer: Buffer | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const socket = openSocket({ host, port, ssl, onConnect: () => { connected(socket, done); } });
    const timer = setTimeout(() => { done(null); }, patience);
    socket.on('close', () => { done(null); });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failed?.(error.code);
      done(null);
    });
  });
}
