import { after, before, describe, it } from 'node:test';
import { groupCases } from './broker/groups.ts';
import { offsetCases } from './broker/offsets.ts';
import { producingCases } from './broker/producing.ts';
import { readingCases } from './broker/reading.ts';
import type { Backend, Case, Setup } from './broker/support.ts';
import { topicCases } from './broker/topics.ts';
import { transactionCases } from './broker/transactions.ts';

/** What a failing case is given before it is called stuck; the cases' own waits end earlier and say what they saw. */
const caseTimeout = 60_000;

/**
 * What `actors/port.ts` promises of a broker. Each adapter's own test is ten lines that call this. Every case has its
 * own topics and group, so that cases run side by side and a real broker's waits overlap.
 */
export function brokerContract(name: string, setup: Setup): void {
  describe(`${name} keeps the broker contract`, { concurrency: 8 }, () => {
    let backend: Backend | null = null;
    before(async () => { backend = await setup(); });
    after(async () => { await backend?.teardown(); });
    const cases: readonly Case[] = [...topicCases, ...producingCases, ...transactionCases, ...readingCases, ...groupCases, ...offsetCases];
    for (const [title, run] of cases) it(title, { timeout: caseTimeout }, () => run(backend as Backend));
  });
}
