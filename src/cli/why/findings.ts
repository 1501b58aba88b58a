import type { Seen } from '../status-text.ts';
import { broken } from './broken.ts';
import { heldBack } from './held-back.ts';
import { slow } from './slow.ts';
import { swallowed } from './swallowed.ts';
import { unheard } from './unheard.ts';
import { tellNothingComes } from './upstream-text.ts';

/** What a topology waits for, or what slows it. */
export interface Finding {
  /** One word for each kind of cause; stable. */
  readonly code:
    | 'failed' | 'stopped' | 'starting' | 'broker_away' | 'registry_away' | 'task_fails' | 'restoring' | 'table_waits' | 'paused' | 'no_tasks'
    | 'partition_behind' | 'input_silent' | 'source_quiet' | 'upstream_gone' | 'upstream_behind'
    | 'sink_slow' | 'state_slow' | 'processing_slow' | 'paced' | 'catching_up'
    | 'all_swallowed' | 'no_input' | 'nothing';
  readonly message: string;
  readonly remedy: string;
}

/** What holds a topology up, the gravest first; that nothing does where nothing is found. `now` in milliseconds since 1970. */
export function findings(seen: Seen, now: number): Finding[] {
  const down = broken(seen);
  // Of what does not run, lag and event time that stands are what comes of it.
  const held = seen.detail.state !== 'running' || seen.detail.paused ? [] : heldBack(seen, now);
  const found = [...down, ...(down.length > 0 ? [] : slow(seen)), ...held, ...swallowed(seen)];
  if (held.length === 0 && down.length === 0) found.push(...unheard(seen));
  return found.length > 0 ? found : [calm(seen)];
}

function calm(seen: Seen): Finding {
  const { detail: { name }, progress: { lag, input_rate: input, processing_rate: processing } } = seen;
  if (input === 0 && lag === 0) return tellNothingComes(seen) ?? { code: 'no_input', message: `${name} has read all there is, and nothing new is written to what it reads.`, remedy: '' };
  if (lag > worthSaying && processing > input) return { code: 'catching_up', message: `${name} catches up: ${lag} offsets behind, ${input} written and ${processing} read a second, about ${Math.ceil(lag / (processing - input))} s left.`, remedy: '' };
  return { code: 'nothing', message: `${name} keeps up: ${lag} offsets behind, ${input} written a second.`, remedy: '' };
}

/** Offsets behind from which on it is no moment's. */
const worthSaying = 1000;
