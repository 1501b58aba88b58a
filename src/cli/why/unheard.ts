import type { Seen } from '../status-text.ts';
import type { Finding } from './findings.ts';

/** A source from which nothing came while others had records: a join or an enrichment has nothing of it, whatever event time says. */
export function unheard({ detail }: Seen): Finding[] {
  const sources = detail.nodes.filter(({ kind }) => kind === 'source').map(({ name, counts }) => ({ name, received: (counts as Readonly<Record<string, number>>)['received'] ?? 0 }));
  const others = sources.filter(({ received }) => received > 0).map(({ name }) => name);
  if (others.length === 0) return [];
  return sources.filter(({ received }) => received === 0).map(({ name }): Finding => ({
    code: 'input_silent',
    message: `Source ${name} has had no record since this daemon started, while ${others.join(', ')} had: what is joined with it finds nothing.`,
    remedy: `Look at who writes to its topic. With start: latest it reads only what is written after the first start.`
  }));
}
