import { Failure } from '../../../../actors/failure.ts';
import type { MskIamSettings } from '../../../../actors/security.ts';
import type { Token } from './token-cache.ts';

/** The package that signs; only installed where it is needed. */
const signer = 'aws-msk-iam-sasl-signer-js';
const defaultSession = 'millrace';

interface Signed {
  readonly token: string;
  /** Milliseconds since 1970. */
  readonly expiryTime: number;
}

interface Signer {
  generateAuthToken(options: { region: string }): Promise<Signed>;
  generateAuthTokenFromProfile(options: { region: string; awsProfileName: string }): Promise<Signed>;
  generateAuthTokenFromRole(options: { region: string; awsRoleArn: string; awsRoleSessionName: string }): Promise<Signed>;
}

/** A token for Amazon MSK: a request to kafka-cluster:Connect, signed for later (AWS Signature Version 4), as base64. */
export async function signMskToken(settings: MskIamSettings, load: () => Promise<unknown> = () => import(signer)): Promise<Token> {
  const { token, expiryTime } = await sign(await loadSigner(load), settings).catch((error: unknown) => {
    if (error instanceof Failure) throw error;
    // The instance's own service of credentials may be away for a moment; what is missing altogether looks the same.
    throw new Failure('broker_unavailable', `No AWS credentials to sign with: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  });
  return { value: token, expiresAt: expiryTime };
}

function sign(from: Signer, { region, profile, roleArn, roleSessionName }: MskIamSettings): Promise<Signed> {
  if (profile !== null) return from.generateAuthTokenFromProfile({ region, awsProfileName: profile });
  if (roleArn !== null) return from.generateAuthTokenFromRole({ region, awsRoleArn: roleArn, awsRoleSessionName: roleSessionName ?? defaultSession });
  return from.generateAuthToken({ region });
}

async function loadSigner(load: () => Promise<unknown>): Promise<Signer> {
  try {
    return (await load()) as Signer;
  } catch (error) {
    throw new Failure('config_invalid', `broker.sasl says aws_msk_iam, which needs a package that is not installed: npm install ${signer}`, { cause: error });
  }
}
