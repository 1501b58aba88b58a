import { asFailure } from '../../../actors/failure.ts';

/** What a check found. */
export interface Finding {
  /** What was looked at. */
  readonly area: string;
  readonly status: 'ok' | 'warning' | 'failure' | 'skipped';
  readonly found: string;
  /** What to do; null where nothing is to be done. */
  readonly remedy: string | null;
}

/** One thing to look at. */
export interface Check {
  readonly area: string;
  run(): Finding[] | Promise<Finding[]>;
}

/** All is well. */
export function ok(area: string, found: string): Finding {
  return { area, status: 'ok', found, remedy: null };
}

/** It will work, but not well, or not for long. */
export function warning(area: string, found: string, remedy: string): Finding {
  return { area, status: 'warning', found, remedy };
}

/** It will not work. */
export function failure(area: string, found: string, remedy: string): Finding {
  return { area, status: 'failure', found, remedy };
}

/** It could not be looked at. */
export function skipped(area: string, found: string): Finding {
  return { area, status: 'skipped', found, remedy: null };
}

/** Runs a check for so many milliseconds at most. Never rejects: what fails, or does not end, is a finding. */
export async function runCheck(check: Check, deadline: number): Promise<Finding[]> {
  const late = Promise.withResolvers<Finding[]>();
  const timer = setTimeout(() => {
    late.resolve([failure(check.area, `no answer within ${deadline / 1000} s`, 'Look for a firewall that drops packets, a wrong address, or a service that hangs; --timeout waits longer.')]);
  }, deadline);
  try {
    return await Promise.race([Promise.resolve().then(() => check.run()), late.promise]);
  } catch (error) {
    const { message, remedy } = asFailure(error, 'task_crashed');
    return [failure(check.area, message, remedy)];
  } finally {
    clearTimeout(timer);
  }
}
