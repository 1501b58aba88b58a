import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Failure } from '../../../../actors/failure.ts';
import type { SaslMechanism } from './mechanism.ts';

/*
 * SCRAM (RFC 5802, 7677) as Kafka has it: no channel binding, no SASLprep. kafkajs' own takes a lost connection for a wrong password.
 */

const hashes = { 'SCRAM-SHA-256': { name: 'sha256', bytes: 32 }, 'SCRAM-SHA-512': { name: 'sha512', bytes: 64 } } as const;
/** n: no channel binding; no other identity. */
const gs2Header = 'n,,';
/** Fewer would make a stolen conversation easy to guess from (RFC 7677, 4); more would only keep this client busy. */
const iterations = { least: 4_096, most: 1_000_000 };

const derive = promisify(pbkdf2);

/** SCRAM: shows that the password is known without sending it, and asks the same of the broker. */
export function scram(name: keyof typeof hashes, username: string, password: string, nonce = (): string => randomBytes(18).toString('base64')): SaslMechanism {
  return {
    name,
    who: `user "${username}"`,
    principal: () => username,
    async authenticate(send) {
      const hash = hashes[name];
      const clientNonce = nonce();
      const clientFirst = `n=${escaped(username)},r=${clientNonce}`;
      const serverFirst = (await send(Buffer.from(gs2Header + clientFirst, 'utf8'))).toString('utf8');
      const { r: serverNonce = '', s: salt = '', i: count = '' } = attributes(serverFirst);
      if (!serverNonce.startsWith(clientNonce) || serverNonce === clientNonce) throw odd("its nonce does not go on from this client's");
      const rounds = Number(count);
      if (!(rounds >= iterations.least && rounds <= iterations.most)) throw odd(`it asks for ${count.slice(0, 20)} iterations, not ${iterations.least} to ${iterations.most}`);
      const salted = await derive(password, Buffer.from(salt, 'base64'), rounds, hash.bytes, hash.name);
      const clientFinal = `c=${Buffer.from(gs2Header).toString('base64')},r=${serverNonce}`;
      const said = `${clientFirst},${serverFirst},${clientFinal}`;
      const hmac = (key: Buffer, text: string): Buffer => createHmac(hash.name, key).update(text).digest();
      const clientKey = hmac(salted, 'Client Key');
      const signature = hmac(createHash(hash.name).update(clientKey).digest(), said);
      const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
      const serverFinal = (await send(Buffer.from(`${clientFinal},p=${Buffer.from(proof).toString('base64')}`, 'utf8'))).toString('utf8');
      const { v: verifier = '', e: refusal } = attributes(serverFinal);
      if (refusal !== undefined) throw odd(refusal.slice(0, 60));
      const expected = hmac(hmac(salted, 'Server Key'), said);
      const found = Buffer.from(verifier, 'base64');
      if (found.length !== expected.length || !timingSafeEqual(found, expected)) throw odd('it cannot show that it knows the password: it may not be the broker');
    }
  };
}

function odd(what: string): Failure {
  return new Failure('authentication_failed', `the broker's answer is refused: ${what}`);
}

/** `,` and `=` have a meaning in the messages. */
function escaped(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** `r=…,s=…,i=…` by letter. */
function attributes(message: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const part of message.split(',')) found[part.slice(0, 1)] = part.slice(2);
  return found;
}
