import type { SaslSettings } from '../../../../actors/security.ts';
import { fetchToken } from './client-credentials.ts';
import { Gate } from './gate.ts';
import type { SaslMechanism } from './mechanism.ts';
import { signMskToken } from './msk-iam.ts';
import { oauthbearer } from './oauthbearer.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';
import { TokenCache } from './token-cache.ts';

/** What all connections to a cluster authenticate with. */
export interface SaslClient {
  readonly mechanism: SaslMechanism;
  readonly gate: Gate;
}

/** The client for some settings; nothing is asked of anybody yet. */
export function createSasl(settings: SaslSettings): SaslClient {
  return { mechanism: mechanismOf(settings), gate: new Gate() };
}

function mechanismOf(settings: SaslSettings): SaslMechanism {
  switch (settings.mechanism) {
    case 'plain':
      return plain(settings.username, settings.password);
    case 'scram_sha_256':
      return scram('SCRAM-SHA-256', settings.username, settings.password);
    case 'scram_sha_512':
      return scram('SCRAM-SHA-512', settings.username, settings.password);
    case 'oauthbearer':
      return oauthbearer(`client "${settings.clientId}"`, new TokenCache(() => fetchToken(settings)), settings.extensions);
    case 'aws_msk_iam':
      return oauthbearer(`AWS credentials in ${settings.region}`, new TokenCache(() => signMskToken(settings)), {});
  }
}
