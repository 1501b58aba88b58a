import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

/** A node that records go into and none come out of, for what it does with them. */
export function swallowed({ detail }: Seen): Finding[] {
  return detail.nodes.flatMap(({ name, kind, counts }): Finding[] => {
    const { received = 0, forwarded = 0, outputs = 0, absorbed = 0, ...fates } = counts as Readonly<Record<string, number>>;
    if (received < 3 || forwarded + outputs + absorbed > 0) return [];
    const [fate, count] = Object.entries(fates).toSorted(([, a], [, b]) => b - a)[0] ?? ['', 0];
    const what = kind === 'sink' ? 'writes' : 'sends on';
    return [{ code: 'all_swallowed', message: `${name} ${what} nothing: of ${received} records it received, ${count} were ${fate.replace('_', ' ')}.`, remedy: remedies[fate] ?? '' }];
  });
}

const remedies: Readonly<Record<string, string>> = {
  filtered: 'Look at its expression, and with millrace tap at what reaches it.',
  deduped: 'All have been there before within the time.',
  late: 'All come after their windows closed: look at event_time, delay and grace.',
  dead_lettered: 'Look at why: millrace dlq ls FILE.',
  skipped: 'on_error says skip; the log says why they fail.'
};
