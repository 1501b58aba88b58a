import type { TopologyStatus } from '../../actors/status.ts';

/** What a topology did since the last look, for the status line and the progress log. */
export interface ProgressReport {
  readonly topology: string;
  readonly state: string;
  readonly in_per_s: number;
  readonly out_per_s: number;
  readonly lag: number;
  readonly dead_letters: number;
  readonly late: number;
  readonly checkpoint_ms: number | null;
  /** Rows of its tables, by name; absent for a topology without. */
  readonly tables?: Readonly<Record<string, number>>;
  /** Tables whose sources are away, or cannot be used; absent for none. */
  readonly old_tables?: readonly string[];
}

/** Turns successive statuses into rates. */
export class Reporter {
  readonly #last = new Map<string, { at: number; received: number; written: number }>();

  report(status: TopologyStatus, now: number): ProgressReport {
    const totals = totalsOf(status);
    const last = this.#last.get(status.name);
    this.#last.set(status.name, { at: now, received: totals.received, written: totals.written });
    const seconds = last === undefined ? 0 : (now - last.at) / 1000;
    const rate = (value: number, before: number): number => (seconds > 0 ? Math.round((value - before) / seconds) : 0);
    const times = status.lastCheckpoint?.times;
    return {
      topology: status.name,
      state: status.state,
      in_per_s: rate(totals.received, last?.received ?? 0),
      out_per_s: rate(totals.written, last?.written ?? 0),
      lag: status.lag,
      dead_letters: totals.deadLetters,
      late: totals.late,
      checkpoint_ms: times === undefined ? null : Math.round((times.prepare + times.write + times.commit + times.apply) * 10) / 10,
      ...tablesOf(status)
    };
  }
}

function tablesOf({ tables }: TopologyStatus): Pick<ProgressReport, 'tables' | 'old_tables'> {
  if (tables.length === 0) return {};
  const old = tables.filter(({ trouble }) => trouble !== null).map(({ name }) => name);
  return { tables: Object.fromEntries(tables.map(({ name, rows }) => [name, rows])), ...(old.length === 0 ? {} : { old_tables: old }) };
}

/** Sums over a topology's nodes: what its sources received, what its sinks wrote, what went to the dead letter topic. */
export function totalsOf(status: TopologyStatus): { received: number; written: number; deadLetters: number; filtered: number; skipped: number; late: number } {
  const totals = { received: 0, written: 0, deadLetters: 0, filtered: 0, skipped: 0, late: 0 };
  for (const { kind, counts } of status.nodes) {
    if (kind === 'source') totals.received += counts.received;
    if (kind === 'sink') totals.written += counts.forwarded;
    totals.deadLetters += counts.dead_lettered;
    totals.filtered += counts.filtered;
    totals.skipped += counts.skipped;
    totals.late += counts.late;
  }
  return totals;
}

/** The line at the bottom of a terminal. */
export function statusLine(reports: readonly ProgressReport[]): string {
  // What does not run comes first: a narrow terminal cuts the end off.
  return reports
    .toSorted((a, b) => Number(a.state === 'running') - Number(b.state === 'running'))
    .map((report) => {
      if (report.state !== 'running') return `${report.topology}: ${report.state}`;
      const parts = [`in ${count(report.in_per_s)}/s`, `out ${count(report.out_per_s)}/s`, `lag ${count(report.lag)}`, `dead letters ${count(report.dead_letters)}`];
      if (report.checkpoint_ms !== null) parts.push(`checkpoint ${report.checkpoint_ms} ms`);
      if (report.old_tables !== undefined) parts.push(`not up to date: ${report.old_tables.join(', ')}`);
      return `${report.topology}: ${parts.join('  ')}`;
    })
    .join(' | ');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
