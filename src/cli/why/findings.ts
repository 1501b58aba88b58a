import type { Seen } from '../status-text.ts';
import { broken } from './broken.ts';
import { heldBack } from './held-back.ts';
import { slow } from './slow.ts';
import { swallowed } from './swallowed.ts';

/** What a topology waits for, or what slows it. */
export interface Finding {
  /** One word for each kind of cause; stable. */
  readonly code: 'failed' | 'broker_away' | 'task_fails' | 'restoring' | 'table_waits' | 'paused' | 'no_tasks' | 'partition_behind' | 'input_silent' | 'source_quiet' | 'upstream_gone' | 'upstream_behind' | 'sink_slow' | 'state_slow' | 'processing_slow' | 'all_swallowed' | 'no_input' | 'nothing';
  readonly message: string;
  readonly remedy: string;
}

/** What holds a topology up, the gravest first; that nothing does where nothing is found. `now` in milliseconds since 1970. */
export function findings(seen: Seen, now: number): Finding[] {
  const found = [...broken(seen), ...heldBack(seen, now), ...slow(seen), ...swallowed(seen)];
  if (found.length > 0) return found;
  const { lag, input_rate: rate } = seen.progress;
  if (rate === 0 && lag === 0) return [{ code: 'no_input', message: `${seen.detail.name} has read all there is, and nothing new is written to what it reads.`, remedy: '' }];
  return [{ code: 'nothing', message: `${seen.detail.name} keeps up: ${lag} offsets behind, ${rate} written a second.`, remedy: '' }];
}
