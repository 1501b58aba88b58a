import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../actors/failure.ts';
import type { Plan } from '../topology/model.ts';
import type { Case, Step } from './case.ts';
import { Checker } from './check.ts';
import type { Mismatch } from './compare.ts';
import { namesOf } from './names.ts';
import { Outputs } from './outputs.ts';
import { NotSettled } from './settle.ts';
import { World } from './world.ts';

/** Runs a case, up to the first step at which something is not as expected; gives all that was not. */
export async function runCase(plan: Plan, { partitions, now, steps, place }: Case): Promise<Mismatch[]> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'));
  const names = namesOf(plan);
  const world = new World({ plan, names, partitions, now, folder });
  const checker = new Checker(world, new Outputs(world.broker, world.plan, names));
  let at = place;
  try {
    await world.open(new Set([...names.topics, ...topicsOf(steps)]));
    for (const step of steps) {
      at = step.place;
      const mismatches = await runStep(world, checker, step);
      if (mismatches.length > 0) return mismatches;
    }
    return [];
  } catch (error) {
    // A value that the codec of its source does not take.
    if (error instanceof Failure) return [{ place: at, message: `${error.code}: ${error.message}` }];
    if (!(error instanceof NotSettled)) throw error;
    return [{ place: at, message: `this step does not come to an end: ${error.message}` }];
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Topics that only the case names, such as those that a pattern is for. */
function topicsOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => {
    if (step.kind === 'records') return step.records.map(({ topic }) => topic);
    return step.kind === 'expect' ? step.expect.outputs.flatMap(({ topics }) => topics) : [];
  });
}

async function runStep(world: World, checker: Checker, step: Step): Promise<Mismatch[]> {
  world.clock.begin();
  switch (step.kind) {
    case 'records':
      await world.put(step.records);
      return [];
    case 'advance':
      await world.settle();
      await world.advance(step.milliseconds);
      return [];
    case 'restart':
      await world.settle();
      await world.restart(step.how);
      return [];
    case 'expect':
      await world.settle();
      return checker.check(step.expect, step.place);
  }
}
