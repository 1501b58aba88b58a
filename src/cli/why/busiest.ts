import type { Seen } from '../status-text.ts';

/** The node that takes most of the time. */
export interface Busiest {
  readonly name: string;
  readonly kind: 'source' | 'transform' | 'sink';
  readonly percent: number;
  /** The one behind it; null for none that counts. */
  readonly next: string | null;
  readonly remedy: string;
}

/** Share of the time from which on the nodes' work, all together, is what takes long. */
const much = 0.5;

const remedies: Readonly<Record<Busiest['kind'], string>> = {
  source: 'It reads and decodes values: look at how large they are, and at its codec.',
  transform: 'Look at its expressions or its script, and at what it waits for. More daemons help where there are partitions for them.',
  sink: 'It encodes values and keys: look at how large they are, and at its codec.'
};

/** Which node the time goes to; null where the nodes' work does not take long. */
export function busiest({ progress, detail }: Seen): Busiest | null {
  const nodes = progress.nodes.toSorted((a, b) => b.busy - a.busy);
  const [first, second] = nodes;
  if (first === undefined || nodes.reduce((sum, { busy }) => sum + busy, 0) < much) return null;
  const kind = detail.nodes.find(({ name }) => name === first.node)?.kind ?? 'transform';
  const next = second !== undefined && second.busy >= 0.1 ? `${second.node} ${percent(second.busy)} %` : null;
  return { name: first.node, kind, percent: percent(first.busy), next, remedy: remedies[kind] };
}

function percent(share: number): number {
  return Math.round(Math.min(1, share) * 100);
}
