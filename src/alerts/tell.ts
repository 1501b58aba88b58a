import { setTimeout as wait } from 'node:timers/promises';
import type { AlertChange } from '../../actors/alert.ts';
import type { AlertWay } from '../topology/model.ts';
import { runCommand } from './command.ts';
import { postWebhook } from './webhook.ts';

/** Tells somebody of an alert, in the way that the topology names. Rejects with why it could not. */
export function tellAlert(way: AlertWay, change: AlertChange, signal: AbortSignal): Promise<void> {
  if (way.kind === 'command') return runCommand(way, change, signal);
  return postWebhook(way, change, { now: () => Date.now(), wait: (milliseconds) => wait(milliseconds, undefined, { signal, ref: false }), signal });
}
