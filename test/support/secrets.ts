import { appendFileSync } from 'node:fs';

/** What a secret is, for whoever has to find out how it was shown. */
export type SecretKind = 'password' | 'token' | 'passphrase' | 'private key' | 'client secret' | 'signing secret' | 'webhook' | 'header' | 'cloud key';

/** A secret that a test uses. */
export interface Secret {
  readonly kind: SecretKind;
  readonly text: string;
}

/** Bytes that a secret of a test has at least: a shorter one stands in other texts by chance. */
const shortest = 6;

const known = new Set<string>();

/** The secret itself, noted as one: a run of the tests must not show it anywhere, in no encoding. Call it where the secret is made. */
export function secret<T extends string>(text: T, kind: SecretKind = 'password'): T {
  if (Buffer.byteLength(text) < shortest) throw new Error(`A secret of a test has ${shortest} bytes or more.`);
  const file = process.env['MILLRACE_TEST_SECRETS'];
  if (file === undefined || known.has(text)) return text;
  known.add(text);
  appendFileSync(file, `${JSON.stringify({ kind, text } satisfies Secret)}\n`);
  return text;
}

/** A private key in PEM, each line of which is a secret. */
export function secretKey(pem: string): string {
  for (const line of pem.split(/\r?\n/)) if (line.length >= 16 && !line.startsWith('-----')) secret(line, 'private key');
  return pem;
}
