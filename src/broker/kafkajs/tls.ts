import { createConnection, isIP, type Socket } from 'node:net';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { Failure } from '../../../actors/failure.ts';
import type { TlsConnectOptions } from '../../../actors/security.ts';

const keepAliveDelay = 60_000;

/** What OpenSSL finds wrong with a certificate, by Node's names (doc: tls, "X509 certificate error codes"). */
const certificateErrors = new Set([
  'UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'CERT_SIGNATURE_FAILURE', 'CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED', 'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  'ERROR_IN_CERT_NOT_AFTER_FIELD', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'CERT_CHAIN_TOO_LONG', 'CERT_REVOKED', 'INVALID_CA',
  'INVALID_PURPOSE', 'CERT_UNTRUSTED', 'CERT_REJECTED', 'PATH_LENGTH_EXCEEDED', 'HOSTNAME_MISMATCH', 'EE_KEY_TOO_SMALL', 'CA_KEY_TOO_SMALL', 'CA_MD_TOO_WEAK'
]);
/** Codes of OpenSSL that another try will not change: another protocol or version, and what the other side refuses in this client. */
const refusals = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNSUPPORTED_PROTOCOL|NO_PROTOCOLS_AVAILABLE|NO_SHARED_CIPHER|HTTP_REQUEST|UNEXPECTED_MESSAGE|CA_MD_TOO_WEAK|EE_KEY_TOO_SMALL|DH_KEY_TOO_SMALL|(SSLV3|TLSV1|TLSV13|SSL\/TLS)_ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|NO_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|PROTOCOL_VERSION|INSUFFICIENT_SECURITY|UNRECOGNIZED_NAME|UNEXPECTED_MESSAGE|ILLEGAL_PARAMETER))$/;

/** Whether an error of TLS is there to stay. */
export function isTlsRefusal(code: unknown): boolean {
  return typeof code === 'string' && (certificateErrors.has(code) || code === 'ERR_TLS_CERT_ALTNAME_INVALID' || refusals.test(code));
}

/** Where and how a socket is opened. */
export interface SocketTarget {
  readonly host: string;
  readonly port: number;
  readonly ssl?: object | null;
  readonly onConnect: () => void;
}

/**
 * Like kafkajs' own network/socketFactory.js, but without Nagle's delay, which holds back small requests on real networks, and with errors of TLS
 * that say what was found. The server's certificate and name are always checked.
 */
export function openSocket({ host, port, ssl, onConnect }: SocketTarget): Socket {
  const socket = ssl ? openTls(host, port, ssl as TlsConnectOptions, onConnect) : createConnection({ host, port }, onConnect);
  socket.setKeepAlive(true, keepAliveDelay);
  socket.setNoDelay(true);
  return socket;
}

function openTls(host: string, port: number, options: TlsConnectOptions, onConnect: () => void): TLSSocket {
  // An address cannot be asked for by SNI (RFC 6066); it is checked against the certificate all the same.
  const socket = connect({ host, port, ...(isIP(host) ? {} : { servername: host }), ...options }, onConnect);
  let found: PeerCertificate | null = null;
  // Once the check has failed, the certificate is gone.
  socket.prependOnceListener('secure', () => { found = socket.getPeerCertificate(true); });
  socket.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (isTlsRefusal(error.code)) error.message = explain(error, { host, port, ...options }, found);
  });
  return socket;
}

/** The failure for an error of TLS that is there to stay; null for others. The message is what `openSocket` made of it. */
export function tlsFailure(error: { readonly code?: unknown; readonly message: string }): Failure | null {
  return isTlsRefusal(error.code) ? new Failure('tls_failed', error.message.replace(/^Connection error: /, '')) : null;
}

interface Asked {
  readonly host: string;
  readonly port: number;
  readonly servername?: string;
  readonly ca?: string;
  readonly cert?: string;
}

function explain({ code = '', message }: NodeJS.ErrnoException, asked: Asked, found: PeerCertificate | null): string {
  const at = `TLS to ${asked.host}:${asked.port}`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `${at}: expected a certificate for ${asked.servername ?? asked.host}, found one for ${namesOf(found)}; server_name says by which name to check it`;
  if (code === 'CERT_HAS_EXPIRED') return `${at}: the certificate of ${subjectOf(found)}, or one that it is signed with, is over since ${found?.valid_to ?? 'some time'}`;
  if (code === 'CERT_NOT_YET_VALID') return `${at}: the certificate of ${subjectOf(found)} is good only from ${found?.valid_from ?? 'later'} on; is this machine's clock right?`;
  if (certificateErrors.has(code)) {
    const trust = asked.ca === undefined ? 'none of the public authorities, and broker.tls has no ca' : 'none of those in ca';
    return `${at}: the certificate of ${subjectOf(found)} is not trusted: it is signed by ${issuerOf(found)}, by ${trust} (${code})`;
  }
  if (/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) {
    const sent = asked.cert === undefined ? 'it asks for a client certificate: set cert and key' : 'it refuses the client certificate of cert: is it signed by an authority that the broker trusts, and not over?';
    return `${at}: the broker ended it: ${sent} (${code})`;
  }
  if (code.endsWith('HANDSHAKE_FAILURE') && asked.cert === undefined) return `${at}: the broker ended it: either it asks for a client certificate (set cert and key), or no cipher is known to both (${code})`;
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) return `${at}: what answers there does not speak TLS (${code})`;
  return `${at}: ${/alert/i.test(code) ? 'the broker ended it' : 'it cannot be agreed upon'}: ${message.split('\n')[0]?.slice(0, 120) ?? ''} (${code})`;
}

function namesOf(found: PeerCertificate | null): string {
  const names = found?.subjectaltname?.replaceAll('DNS:', '').replaceAll('IP Address:', '') ?? '';
  return names === '' ? subjectOf(found) : names.slice(0, 200);
}

function subjectOf(found: PeerCertificate | null): string {
  return nameOf(found?.subject);
}

function issuerOf(found: PeerCertificate | null): string {
  return nameOf(found?.issuer);
}

function nameOf(name: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = name ?? {};
  const text = [CN, O].flat().filter((part) => typeof part === 'string').join(', ');
  return text === '' ? 'a server without a name' : `"${text.slice(0, 100)}"`;
}
