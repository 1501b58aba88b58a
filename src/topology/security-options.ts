import { createRequire } from 'node:module';
import * as z from 'zod';
import type { Path } from '../../actors/component.ts';
import type { SaslSettings, TlsSettings } from '../../actors/security.ts';
import { PemFiles } from './pem-files.ts';
import type { ReportProblem } from './pem-files.ts';

/*
 * The options that make a connection secure: `tls` and `sasl`. The schema registry has the same `tls`.
 */

const text = (what: string) => z.string({ error: what }).min(1, { error: what });
const pem = () => text('a file, or PEM text that begins with -----BEGIN');

const tlsMap = z.strictObject({
  ca: pem().optional().describe("Certificates that are trusted: a PEM file, relative to the topology file, or its text. Default: the public ones that Node brings along."),
  cert: pem().optional().describe("This client's certificate, with its chain, where the server asks for one (mTLS): a PEM file or its text."),
  key: pem().optional().describe('Its private key: a PEM file or its text, such as ${file:/run/secrets/key}. Default: the one in cert.'),
  passphrase: text('a text').optional().describe('Opens the key, where that is encrypted.'),
  server_name: text('a host name').optional().describe("The name that the server's certificate must have, where it is reached by another. Default: the host of the address.")
});

/** How a server is reached by TLS: `true`, or what differs from the defaults. The server's certificate and name are always checked. */
export const tlsOptions = z.union([z.boolean(), tlsMap], { error: 'true, or { ca: …, cert: …, key: … }' });

/** What a file says about TLS. */
export type TlsOptions = z.output<typeof tlsOptions>;

const passwordSasl = z.strictObject({
  mechanism: z
    .enum(['plain', 'scram_sha_256', 'scram_sha_512'])
    .describe('plain sends the password itself; scram_sha_256 and scram_sha_512 only prove that it is known.'),
  username: text('a text').describe('The user.'),
  password: text('a text').describe('The password, such as ${env:KAFKA_PASSWORD} or ${file:/run/secrets/kafka}.')
});

const extensionName = /^[A-Za-z]+$/;
const endpoint = z
  .string({ error: 'an http or https URL' })
  .refine(isEndpoint, { error: 'an http or https URL, without user, password or fragment' });

const oauthSasl = z.strictObject({
  mechanism: z.literal('oauthbearer').describe('A token of an OAuth 2 server, by client credentials (RFC 6749, 4.4).'),
  token_endpoint: endpoint.describe('URL at which tokens are given. Without https a warning: the client secret goes there.'),
  client_id: text('a text').describe('The client.'),
  client_secret: text('a text').describe('Its secret, such as ${file:/run/secrets/oauth}.'),
  scope: text('a text').optional().describe('What is asked for; several scopes with spaces between them.'),
  extensions: z
    .record(z.string().regex(extensionName, { error: 'a name of letters' }), z.string({ error: 'a text' }).regex(/^[\x20-\x7e\t\r\n]*$/, { error: 'a text of ASCII' }))
    .refine((map) => !('auth' in map), { error: 'names other than auth, which the protocol keeps for itself' })
    .optional()
    .describe('SASL extensions that the broker asks for (KIP-342), such as { logicalCluster: lkc-1, identityPoolId: pool-1 }.'),
  tls: tlsOptions.optional().describe('How a token endpoint with https is reached. Default: with the public certificates that Node brings along.')
});

const mskSasl = z
  .strictObject({
    mechanism: z.literal('aws_msk_iam').describe('Amazon MSK with IAM. Needs the package aws-msk-iam-sasl-signer-js beside Millrace.'),
    region: z.string({ error: 'a region of AWS' }).regex(/^[a-z]{2,}(-[a-z]+)+-\d+$/, { error: 'a region of AWS, such as eu-central-1' }).describe('Region of the cluster, such as eu-central-1.'),
    profile: text('a text').optional().describe("Profile of AWS's configuration files. Default: AWS's own order of looking: environment, files, container, instance."),
    role_arn: z.string({ error: 'the ARN of a role' }).regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, { error: 'the ARN of a role, such as arn:aws:iam::123456789012:role/name' }).optional().describe('A role to assume.'),
    role_session_name: text('a text').optional().describe('Name of the session of that role. Default: millrace.')
  })
  .refine(({ profile, role_arn: role }) => profile === undefined || role === undefined, { error: 'either profile or role_arn' });

/** As whom a client is known to a broker. */
export const saslOptions = z.discriminatedUnion('mechanism', [passwordSasl, oauthSasl, mskSasl], {
  error: 'a map with mechanism: plain, scram_sha_256, scram_sha_512, oauthbearer or aws_msk_iam'
});

/** What a file says about SASL. */
export type SaslOptions = z.output<typeof saslOptions>;

/** Gets the files that `tls` names and checks them. Null for no TLS, and where a mistake was reported, at its path under `tls`. `names` is told of each file that was read. */
export function readTls(options: TlsOptions | undefined, baseFolder: string, report: ReportProblem, names?: (file: string, content: string) => void): TlsSettings | null {
  if (options === undefined || options === false) return null;
  const { ca, cert, key, passphrase, server_name: serverName } = options === true ? ({} as Exclude<TlsOptions, boolean>) : options;
  const files = new PemFiles(baseFolder, report, names);
  const trusted = ca === undefined ? null : files.certificates(ca, ['ca']);
  const client = files.client({ cert, key, passphrase });
  return files.failed ? null : { ca: trusted, ...client, passphrase: passphrase ?? null, serverName: serverName ?? null };
}

/** The settings that `sasl` stands for; null for none. A mistake in its `tls` is reported at its path under `sasl`. */
export function readSasl(options: SaslOptions | undefined, baseFolder: string, report: ReportProblem, names?: (file: string, content: string) => void, installed: (name: string) => boolean = isInstalled): SaslSettings | null {
  if (options === undefined) return null;
  if (options.mechanism === 'aws_msk_iam') {
    if (!installed(mskSigner)) report(['mechanism'], 'bad_value', `expected a package that is not installed: aws_msk_iam needs ${mskSigner}`, `npm install ${mskSigner}, beside Millrace`);
    const { mechanism, region, profile = null, role_arn: roleArn = null, role_session_name: roleSessionName = null } = options;
    return { mechanism, region, profile, roleArn, roleSessionName };
  }
  if (options.mechanism !== 'oauthbearer') return options;
  const inTls = (at: Path, ...rest: [code: string, message: string, hint?: string]): void => { report(['tls', ...at], ...rest); };
  return {
    mechanism: options.mechanism,
    tokenEndpoint: options.token_endpoint,
    clientId: options.client_id,
    clientSecret: options.client_secret,
    scope: options.scope ?? null,
    extensions: options.extensions ?? {},
    tls: readTls(options.tls, baseFolder, inTls, names)
  };
}

/** Signs for Amazon MSK, with all that AWS's SDK brings: too much for those that do not need it. */
const mskSigner = 'aws-msk-iam-sasl-signer-js';

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '' && hash === '';
}
