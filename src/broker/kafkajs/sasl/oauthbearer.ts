import { Failure } from '../../../../actors/failure.ts';
import type { SaslMechanism } from './mechanism.ts';
import type { TokenCache } from './token-cache.ts';

/** What RFC 6750, 2.1 lets a token be: anything else could end the message early. */
const tokenForm = /^[A-Za-z0-9\-._~+/]+=*$/;
const separator = '\x01';

/** OAUTHBEARER (RFC 7628, with Kafka's extensions: KIP-255, KIP-342). kafkajs' own takes a refusal, which comes as a message, for a yes. */
export function oauthbearer(who: string, tokens: TokenCache, extensions: Readonly<Record<string, string>>): SaslMechanism {
  const more = Object.entries(extensions).map(([name, value]) => `${separator}${name}=${value}`).join('');
  return {
    name: 'OAUTHBEARER',
    who,
    principal: () => tokens.subject,
    async authenticate(send) {
      const token = await tokens.get();
      if (!tokenForm.test(token)) throw new Failure('authentication_failed', 'the token that was given has characters that no bearer token has');
      const refusal = await send(Buffer.from(`n,,${separator}auth=Bearer ${token}${more}${separator}${separator}`, 'utf8'));
      if (refusal.length === 0) return;
      tokens.forget(token);
      // RFC 7628, 3.2.3: a refusal is answered with one byte, upon which the broker says no in its own words.
      await send(Buffer.from(separator));
      throw new Failure('authentication_failed', `the broker refuses the token: ${statusOf(refusal)}`);
    }
  };
}

function statusOf(refusal: Buffer): string {
  try {
    const { status } = JSON.parse(refusal.toString('utf8')) as { status?: unknown };
    return typeof status === 'string' ? status.slice(0, 60) : 'without a reason';
  } catch {
    return 'without a reason';
  }
}
