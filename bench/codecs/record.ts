/** The record that formats are measured with. */
export interface Event {
  readonly id: string;
  readonly user_id: string;
  readonly type: string;
  readonly severity: string;
  readonly amount: number;
  readonly ts: number;
  readonly source: string;
  readonly payload: string;
}

/** A thousand different ones. */
export function records(): Event[] {
  return Array.from({ length: 1000 }, (_, n) => ({
    id: `e-${String(n).padStart(10, '0')}`,
    user_id: `u-${String((n * 7919) % 110_000).padStart(6, '0')}`,
    type: ['view', 'click', 'purchase', 'error'][n % 4] as string,
    severity: ['low', 'medium', 'high'][n % 3] as string,
    amount: (n * 37) / 100,
    ts: 1_700_000_000_000 + n,
    source: 'web',
    payload: `${'0123456789abcdef'.repeat(7)}${String(n).padStart(8, '0')}`
  }));
}

/** Nanoseconds per item in the fastest of some rounds, each over all items 100 times. */
export function fastest<T>(rounds: number, items: readonly T[], run: (item: T) => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const start = process.hrtime.bigint();
    for (let i = 0; i < 100; i++) for (const item of items) run(item);
    return Number(process.hrtime.bigint() - start) / (100 * items.length);
  });
  return Math.min(...times);
}
