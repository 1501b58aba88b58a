import type { SaslSettings, TlsSettings } from '../../actors/security.ts';

/** Lines of a key that are long enough to be told apart from anything else. */
const shortestLine = 16;

/** What of these settings must never be shown, in every form in which a protocol or an encoder writes it. */
export function securitySecrets(tls: TlsSettings | null, sasl: SaslSettings | null): string[] {
  const tlsSecrets = tls === null ? [] : secretsOfTls(tls);
  if (sasl === null || sasl.mechanism === 'aws_msk_iam') return tlsSecrets;
  if (sasl.mechanism !== 'oauthbearer') return [...tlsSecrets, ...forms(sasl.password), base64(`\0${sasl.username}\0${sasl.password}`)];
  const { clientId, clientSecret, tls: endpoint } = sasl;
  const basic = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
  return [...tlsSecrets, ...(endpoint === null ? [] : secretsOfTls(endpoint)), ...forms(clientSecret), basic, base64(basic), base64(`${clientId}:${clientSecret}`)];
}

/** What of TLS settings must never be shown. */
export function secretsOfTls({ key, passphrase }: TlsSettings): string[] {
  const lines = key === null ? [] : key.split(/\r?\n/).filter((line) => line.length >= shortestLine && !line.startsWith('-----'));
  return [...(key === null ? [] : [key]), ...lines, ...(passphrase === null ? [] : forms(passphrase))];
}

function forms(secret: string): string[] {
  return [...new Set([secret, encodeURIComponent(secret), base64(secret)])];
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
