import { dirname } from 'node:path';
import type { Path } from '../../actors/component.ts';
import type { SourceFile } from './document.ts';
import type { BrokerConfig } from './model.ts';
import { brokerOptions } from './schema.ts';
import { readSasl, readTls } from './security-options.ts';
import { securitySecrets } from './security-secrets.ts';

/**
 * The broker that a topology names, with the files of its certificates read. Options that are wrong in themselves are reported with the rest of
 * the file; here only what their files hold. What must stay secret is noted, also where it stands in the topology itself.
 */
export function readBroker(file: SourceFile, option: unknown): BrokerConfig | null {
  file.secrets.push(...secretTexts(option));
  const parsed = brokerOptions.safeParse(option);
  if (!parsed.success) return null;
  const broker = parsed.data;
  if (broker.type === 'embedded') return broker;
  const folder = dirname(file.file);
  const reportAt = (option: string) => (at: Path, code: string, message: string, hint?: string): void => { file.report(['broker', option, ...at], code, message, hint); };
  const names = (named: string, content: string): void => { file.names(named, content); };
  const tls = readTls(broker.tls, folder, reportAt('tls'), names);
  const sasl = readSasl(broker.sasl, folder, reportAt('sasl'), names);
  file.secrets.push(...securitySecrets(tls, sasl));
  return { type: 'kafka', brokers: broker.brokers, tls, sasl };
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
