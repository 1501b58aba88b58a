import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { nextPhase, quiet } from '../../src/alerts/phase.ts';

/** Looks at a condition: seconds since the last look, and whether it held. */
const looks = fc.array(fc.record({ after: fc.integer({ min: 0, max: 20 }), holds: fc.boolean() }), { maxLength: 60 });

describe('the life of an alert', () => {
  it('is told by turns that it fires and that it has resolved, and as often as a naive reading says', () => {
    fc.assert(
      fc.property(looks, fc.integer({ min: 0, max: 40 }), (steps, wait) => {
        let phase = quiet;
        let now = 1000;
        const told: string[] = [];
        const seen: { now: number; holds: boolean }[] = [];
        const expected: string[] = [];
        let firing = false;
        for (const { after, holds } of steps) {
          now += after * 1000;
          seen.push({ now, holds });
          const step = nextPhase(phase, holds, now, wait * 1000);
          phase = step.phase;
          if (step.told !== null) told.push(`${step.told} ${now}`);
          // Naively: it fires where all looks of the last `wait` seconds, and one before them or at their start, held.
          const run = seen.slice(seen.findLastIndex((each) => !each.holds) + 1);
          const due = run.length > 0 && now - (run[0] as { now: number }).now >= wait * 1000;
          if (!firing && due) expected.push(`firing ${now}`);
          if (firing && !holds) expected.push(`resolved ${now}`);
          firing = firing ? holds : due;
          assert.equal(phase.state, firing ? 'firing' : holds ? 'pending' : 'quiet');
          assert.equal(phase.since, holds ? (run[0] as { now: number }).now : null);
        }
        assert.deepEqual(told, expected);
      })
    );
  });

  it('does not begin anew when the clock is put back', () => {
    const { phase } = nextPhase(quiet, true, 100_000, 10_000);
    const back = nextPhase(phase, true, 50_000, 10_000);
    assert.deepEqual(back, { phase: { state: 'pending', since: 50_000 }, told: null });
    assert.equal(nextPhase(back.phase, true, 60_000, 10_000).told, 'firing');
  });
});
