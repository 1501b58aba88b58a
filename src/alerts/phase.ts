import type { AlertState } from '../../actors/alert.ts';

/** Where one alert is, and since when its condition has held, in milliseconds since 1970; null while it is quiet. */
export interface Phase {
  readonly state: AlertState;
  readonly since: number | null;
}

/** Where each alert begins. */
export const quiet: Phase = { state: 'quiet', since: null };

/**
 * What becomes of an alert at a look: it fires once its condition has held for as long as it has to, at each look meanwhile, and is told once; it has resolved at the first look
 * at which the condition does not hold. `told` is what people are to hear of it.
 */
export function nextPhase(phase: Phase, holds: boolean, now: number, wait: number): { readonly phase: Phase; readonly told: 'firing' | 'resolved' | null } {
  if (!holds) return { phase: quiet, told: phase.state === 'firing' ? 'resolved' : null };
  if (phase.state === 'firing') return { phase, told: null };
  // A clock that was put back does not make an alert wait for what is past.
  const since = Math.min(phase.since ?? now, now);
  if (now - since >= wait) return { phase: { state: 'firing', since }, told: 'firing' };
  return { phase: { state: 'pending', since }, told: null };
}
