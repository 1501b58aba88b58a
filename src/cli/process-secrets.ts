import { otlpSecrets } from '../telemetry/otlp-secrets.ts';
import type { Arguments } from './command.ts';
import { daemonToken } from './http-token.ts';

/** Variables that clients read by themselves: the signer for MSK, and PostgreSQL's. */
const variables = ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'PGPASSWORD'];

/** Shorter values stand in other texts. */
const shortest = 4;

/** Secrets of a daemon that no topology names: its token, what collectors are told, and what its clients find in the environment. They are kept out of the log and the API as those of files are. */
export function processSecrets(args: Arguments, env: Readonly<Record<string, string | undefined>>): string[] {
  const token = daemonToken(args);
  const found = variables.flatMap((name) => env[name] ?? []).filter((value) => value.length >= shortest);
  return [...(token === null ? [] : [token]), ...otlpSecrets(env, args.text('traces') ?? null), ...found];
}
