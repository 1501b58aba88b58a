import type { Registry } from '../../codec/registry/registry.ts';
import type { Loaded } from '../../topology/load.ts';
import type { Finding } from './finding.ts';
import { failure, ok } from './finding.ts';

/** The schema registry, and what it says of the schemas of the file. */
export async function registryFindings(registry: Registry, loaded: Loaded): Promise<Finding[]> {
  const area = 'registry';
  const subjects = await registry.ping();
  const problems = await loaded.online();
  if (problems.length === 0) return [ok(area, `${registry.settings.urls.join(', ')}, ${subjects} subjects; nothing speaks against the schemas of this file`)];
  return problems.map(({ line, message, hint }) => failure(area, `line ${line}: ${message}`, hint ?? 'Register the schema, correct it, or change the rule of its subject.'));
}
