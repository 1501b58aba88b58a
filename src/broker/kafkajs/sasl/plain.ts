import type { SaslMechanism } from './mechanism.ts';

/** PLAIN (RFC 4616): the name and the password, as they are. */
export function plain(username: string, password: string): SaslMechanism {
  return {
    name: 'PLAIN',
    who: `user "${username}"`,
    principal: () => username,
    async authenticate(send) {
      await send(Buffer.from(`\0${username}\0${password}`, 'utf8'));
    }
  };
}
