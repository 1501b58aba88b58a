import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Header } from '../../actors/record.ts';
import { addContextsOf, sampledFlag, withContext } from '../../actors/trace.ts';
import type { TraceContext } from '../../actors/trace.ts';
import { TraceSampler } from '../../src/telemetry/trace-sampler.ts';
import type { SamplingSettings } from '../../src/telemetry/trace-sampler.ts';
import { sampledBy } from '../support/traced.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const plain = [{ headers: [] }, { headers: [['kind', Buffer.from('a')] as const] }];

function sampler(settings: Partial<SamplingSettings> = {}): { readonly of: TraceSampler; pass(ms: number): void } {
  let now = 0;
  return {
    of: new TraceSampler({ ratio: 1, parents: true, perSecond: 2, random: () => 0.5, elapsed: () => now, ...settings }),
    pass(ms) { now += ms; }
  };
}

describe('what is sampled', () => {
  it('traces are begun by chance, so many a second at most', () => {
    assert.equal(sampler({ ratio: 0.5 }).of.sample(plain, 'fetched'), null);
    assert.deepEqual(sampler({ ratio: 0.51 }).of.sample(plain, 'fetched'), { parent: null, links: [] });
    const limited = sampler();
    const begun = (): boolean => limited.of.sample(plain, 'fetched') !== null;
    assert.deepEqual([begun(), begun(), begun()], [true, true, false]);
    limited.pass(500);
    assert.deepEqual([begun(), begun()], [true, false]);
    limited.pass(60_000);
    assert.deepEqual([begun(), begun(), begun()], [true, true, false]);
  });

  it('what nodes give begins no trace', () => {
    assert.equal(sampler().of.sample(plain, 'batch'), null);
    assert.equal(sampler().of.sample(plain, 'barrier'), null);
  });

  it('a producer\'s sampled trace is gone on with, ten times as often; at a barrier always', () => {
    const limited = sampler({ ratio: 0 });
    const records = [{ headers: [] }, { headers: [sampledBy(traceId)] }];
    const sampled = Array.from({ length: 30 }, () => limited.of.sample(records, 'fetched')).filter((sample) => sample !== null);
    assert.equal(sampled.length, 20);
    assert.equal(sampled[0]?.parent?.traceparent, `00-${traceId}-b7ad6b7169203331-01`);
    assert.notEqual(limited.of.sample(records, 'barrier'), null);
  });

  it('a producer that says no is heard, unless parents do not count', () => {
    const records = [{ headers: [sampledBy(traceId, 'b7ad6b7169203331', '00')] }];
    assert.equal(sampler().of.sample(records, 'fetched'), null);
    assert.deepEqual(sampler({ parents: false }).of.sample(records, 'fetched'), { parent: null, links: [] });
  });

  it('what only looks like a context is none', () => {
    for (const text of ['', '00-', `00-${'0'.repeat(32)}-b7ad6b7169203331-01`, `ff-${traceId}-b7ad6b7169203331-01`, `00-${traceId.toUpperCase()}-b7ad6b7169203331-01`, `00-${traceId}-${'0'.repeat(16)}-01`, 'x'.repeat(55)]) {
      assert.equal(sampler({ ratio: 0 }).of.sample([{ headers: [['traceparent', Buffer.from(text)]] }], 'fetched'), null, text);
    }
  });

  it('the flag is that of the standard, whatever else it says', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 255 }), (flags) => {
      const [, value] = sampledBy(traceId, 'b7ad6b7169203331', flags.toString(16).padStart(2, '0'));
      assert.equal(sampledFlag(value), flags % 2 === 1);
    }));
  });

  it('bytes of any kind are read without an error, and found contexts are sound', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('traceparent', 'tracestate', 'a'), fc.option(fc.uint8Array({ maxLength: 80 }))), { maxLength: 5 }), (headers) => {
      const contexts: TraceContext[] = [];
      addContextsOf(headers, contexts);
      for (const { traceparent } of contexts) assert.match(traceparent, /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
    }));
  });

  it('a context takes the place of the one before and leaves other headers alone, in order', () => {
    const own: Header = ['traceparent', Buffer.from('new')];
    assert.deepEqual(withContext([['a', null], sampledBy(traceId), ['b', null], ['tracestate', null]], [own]), [['a', null], ['b', null], own]);
    assert.deepEqual(withContext([], [own]), [own]);
  });
});
