import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateCasesSchema } from '../testing/generate-schema.ts';
import { generateReference } from '../topology/generate-reference.ts';
import { generateSchema } from '../topology/generate-schema.ts';

/*
 * Writes the JSON Schemas of config/, and config/REFERENCE.md, from the definitions of the components and of the cases.
 * With --check it writes nothing and fails when one of them is stale.
 */

const folder = join(import.meta.dirname, '../../config');

const generated: readonly (readonly [name: string, text: string])[] = [
  ['topology.schema.json', `${JSON.stringify(generateSchema(), null, 2)}\n`],
  ['cases.schema.json', `${JSON.stringify(generateCasesSchema(), null, 2)}\n`],
  ['REFERENCE.md', generateReference()]
];

function current(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

const stale = generated.filter(([name, text]) => current(join(folder, name)) !== text);

if (process.argv.includes('--check')) {
  for (const [name] of stale) process.stderr.write(`config/${name} is stale: run node src/cli/generate.ts\n`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [name, text] of stale) writeFileSync(join(folder, name), text);
}
