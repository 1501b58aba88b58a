import { dirname } from 'node:path';
import * as z from 'zod';
import type { RegistrySettings } from '../codec/registry/settings.ts';
import { count } from '../../actors/options.ts';
import type { SourceFile } from './document.ts';
import { secretsOfTls } from './security-secrets.ts';
import { readTls, tlsOptions } from './security-options.ts';

const error = 'an http or https URL, without user, password or query';
const url = z.string({ error }).refine(isUrl, { error });
const text = (what: string) => z.string({ error: what }).min(1, { error: what });

/** The option `registry` of a topology. */
export const registryOptions = z.strictObject({
  url: z
    .union([url.transform((one) => [one]), z.array(url).min(1, { error: 'at least one URL' })], { error })
    .describe("URL of the registry's API, or several of the same registry: the next is asked where one does not answer. Apicurio's ends in /apis/ccompat/v7."),
  auth: z
    .union(
      [
        z.strictObject({ username: text('a text').describe('The user.'), password: text('a text').describe('The password, such as ${env:REGISTRY_PASSWORD}.') }),
        z.strictObject({ token: text('a text').describe('A bearer token, such as ${file:/run/secrets/registry}.') })
      ],
      { error: '{ username: …, password: … } or { token: … }' }
    )
    .optional()
    .describe('As whom the registry is asked.'),
  tls: tlsOptions.optional().describe('How a registry with https is reached. Default: with the public certificates that Node brings along.'),
  cache: count(1).max(100_000, { error: 'at most 100000' }).default(1000).describe('Schemas that are kept in memory, compiled, per source or sink. The least used goes first.')
});

/** The registry that a topology names, with the files of its certificates read; null for none, and where it has mistakes, which are reported. */
export function readRegistry(file: SourceFile, option: unknown): RegistrySettings | null {
  const parsed = registryOptions.safeParse(option);
  if (!parsed.success) return null;
  const { url: urls, auth = null, tls: options, cache } = parsed.data;
  const tls = readTls(options, dirname(file.file), (at, ...rest) => { file.report(['registry', 'tls', ...at], ...rest); }, (named, content) => { file.names(named, content); });
  if (tls !== null) file.secrets.push(...secretsOfTls(tls));
  if (auth !== null) file.secrets.push(...('token' in auth ? [auth.token] : [auth.password, Buffer.from(`${auth.username}:${auth.password}`).toString('base64')]));
  return { urls, auth, tls, cache };
}

function isUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && search === '' && hash === '';
}
