import type { TlsSettings } from '../../../actors/security.ts';

/** How a schema registry is reached. */
export interface RegistrySettings {
  /** One or several of the same registry; the next is asked where one does not answer. */
  readonly urls: readonly string[];
  readonly auth: RegistryAuth | null;
  /** For https; null for the certificates that Node brings along. */
  readonly tls: TlsSettings | null;
  /** Schemas that are kept in memory. */
  readonly cache: number;
}

/** As whom. */
export type RegistryAuth = { readonly username: string; readonly password: string } | { readonly token: string };
