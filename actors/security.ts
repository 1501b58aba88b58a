/*
 * How a connection to a broker, a schema registry or a token endpoint is made secure. Everything is here as text: files were read, and
 * mistakes reported, when the topology was loaded.
 */

/** TLS with the server's name and certificate always checked; TLS 1.2 at least. */
export interface TlsSettings {
  /** Certificates that are trusted, as PEM; null for those that Node brings along. */
  readonly ca: string | null;
  /** The client's certificate with its chain, as PEM; null where the server asks for none. */
  readonly cert: string | null;
  /** The client's private key, as PEM; null without `cert`. */
  readonly key: string | null;
  /** Opens `key`; null where that is not encrypted. */
  readonly passphrase: string | null;
  /** The name that the server's certificate must have; null for that of the host that is connected to. */
  readonly serverName: string | null;
}

/** As whom this client is known to a broker (SASL, RFC 4422). */
export type SaslSettings = PasswordSettings | OauthSettings | MskIamSettings;

/** A name and a password: PLAIN (RFC 4616) sends the password itself, SCRAM (RFC 5802, 7677) only what proves it. */
export interface PasswordSettings {
  readonly mechanism: 'plain' | 'scram_sha_256' | 'scram_sha_512';
  readonly username: string;
  readonly password: string;
}

/** A token from an OAuth 2 server (RFC 7628), by client credentials (RFC 6749, 4.4). */
export interface OauthSettings {
  readonly mechanism: 'oauthbearer';
  readonly tokenEndpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | null;
  /** SASL extensions (KIP-342), by name. */
  readonly extensions: Readonly<Record<string, string>>;
  /** How the token endpoint is reached; null for the certificates that Node brings along. */
  readonly tls: TlsSettings | null;
}

/** A token signed with AWS credentials, for Amazon MSK. */
export interface MskIamSettings {
  readonly mechanism: 'aws_msk_iam';
  readonly region: string;
  /** A profile of the AWS configuration files; null for AWS's default chain of credentials. */
  readonly profile: string | null;
  /** A role to assume; null for none. */
  readonly roleArn: string | null;
  readonly roleSessionName: string | null;
}

/** What `tls.connect` and `https.request` of Node take. */
export interface TlsConnectOptions {
  readonly minVersion: 'TLSv1.2';
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  readonly servername?: string;
}

/** Settings in the words of Node. */
export function tlsConnectOptions({ ca, cert, key, passphrase, serverName }: TlsSettings): TlsConnectOptions {
  return {
    minVersion: 'TLSv1.2',
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
    ...(passphrase === null ? {} : { passphrase }),
    ...(serverName === null ? {} : { servername: serverName })
  };
}
