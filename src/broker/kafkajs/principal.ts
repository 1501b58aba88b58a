import { X509Certificate } from 'node:crypto';
import type { TlsSettings } from '../../../actors/security.ts';
import type { SaslClient } from './sasl/create.ts';

/** Whom a broker takes this client for unless it was told otherwise: the name of SASL, else the client certificate's subject, else ANONYMOUS. Null where it cannot be known. */
export function principalOf(tls: TlsSettings | null, sasl: SaslClient | null): string | null {
  if (sasl !== null) return sasl.mechanism.principal();
  if (tls === null || tls.cert === null) return 'ANONYMOUS';
  try {
    // Brokers write the name from its end to its beginning (RFC 2253).
    return new X509Certificate(tls.cert).subject.split('\n').reverse().join(',');
  } catch {
    return null;
  }
}
