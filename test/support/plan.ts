import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatProblem } from '../../src/topology/format.ts';
import { loadTopologies } from '../../src/topology/load.ts';
import type { Plan } from '../../src/topology/model.ts';

/** Writes a topology to a folder of its own, with files beside it, and gives the file's path. */
export function writeTopology(yaml: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-topology-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const path = join(folder, 'topology.yaml');
  writeFileSync(path, yaml);
  return path;
}

/** The plan of a valid topology; throws with all mistakes of an invalid one. */
export function planOf(yaml: string, files: Readonly<Record<string, string>> = {}): Plan {
  const { plans, problems } = loadTopologies([writeTopology(yaml, files)], { env: process.env });
  if (problems.length > 0) throw new Error(problems.map(formatProblem).join('\n'));
  return plans[0] as Plan;
}
