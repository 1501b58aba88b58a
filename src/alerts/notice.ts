import type { AlertChange } from '../../actors/alert.ts';

/** What is posted to a webhook, and given to a command, as JSON. */
export function noticeOf({ topology, alert, status, when, since, at, values }: AlertChange): string {
  return JSON.stringify({ topology, alert, status, when, since: new Date(since).toISOString(), at: new Date(at).toISOString(), values });
}
