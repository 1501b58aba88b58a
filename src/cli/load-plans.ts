import { Registries } from '../codec/registry/registries.ts';
import { loadTopologies } from '../topology/load.ts';
import type { Plan } from '../topology/model.ts';
import type { Output } from './output.ts';
import { paintProblem } from './paint-problem.ts';

/** Loads topologies; prints every mistake and gives null where there is one. */
export function loadPlans(paths: readonly string[], output: Output, registries = new Registries()): { plans: Plan[]; secrets: string[] } | null {
  const { plans, problems, secrets } = loadTopologies(paths, { env: process.env, registries });
  if (problems.length === 0) return { plans, secrets };
  for (const problem of problems) output.complain(`${paintProblem(problem, output)}\n`);
  return null;
}
