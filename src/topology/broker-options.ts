import { dirname } from 'node:path';
import type { Path } from '../../actors/component.ts';
import type { SourceFile } from './document.ts';
import type { BrokerConfig } from './model.ts';
import { brokerOptions } from './schema.ts';
import { readSasl, readTls, saslOptions, tlsOptions } from './security-options.ts';
import type { SaslOptions, TlsOptions } from './security-options.ts';
import { securitySecrets } from './security-secrets.ts';

/**
 * The broker that a topology names, with the files of its certificates read. Options that are wrong in themselves are reported with the rest of
 * the file; here only what their files hold. What must stay secret is noted, also where it stands in the topology itself.
 */
export function readBroker(file: SourceFile, option: unknown): BrokerConfig | null {
  file.secrets.push(...secretTexts(option));
  const parsed = brokerOptions.safeParse(option);
  if (parsed.success && parsed.data.type === 'embedded') return parsed.data;
  const folder = dirname(file.file);
  const reportAt = (option: string) => (at: Path, code: string, message: string, hint?: string): void => { file.report(['broker', option, ...at], code, message, hint); };
  const names = (named: string, content: string): void => { file.names(named, content); };
  const options = partsOf(option);
  const tls = readTls(options.tls, folder, reportAt('tls'), names);
  const sasl = readSasl(options.sasl, folder, reportAt('sasl'), names);
  file.secrets.push(...securitySecrets(tls, sasl));
  return parsed.success && parsed.data.type === 'kafka' ? { type: 'kafka', brokers: parsed.data.brokers, tls, sasl } : null;
}

/** Each part by itself: a mistake in one does not hide those of the other's files. */
function partsOf(option: unknown): { readonly tls: TlsOptions | undefined; readonly sasl: SaslOptions | undefined } {
  const { tls, sasl } = typeof option === 'object' && option !== null ? (option as Record<string, unknown>) : {};
  return { tls: tlsOptions.safeParse(tls).data, sasl: saslOptions.safeParse(sasl).data };
}

/** Texts that are secrets by their names, whatever else may be wrong around them. */
function secretTexts(option: unknown): string[] {
  if (typeof option !== 'object' || option === null) return [];
  return Object.entries(option).flatMap(([name, value]) => {
    if (typeof value === 'string') return secretNames.has(name) ? [value] : [];
    return secretTexts(value);
  });
}

const secretNames = new Set(['password', 'passphrase', 'client_secret']);
