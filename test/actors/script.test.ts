import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { BuildContext, ScriptModule, TransformLogic } from '../../actors/component.ts';
import type { StreamRecord } from '../../actors/record.ts';
import type { Script, ScriptBatch, ScriptOut, ScriptRecord } from '../../actors/script.ts';
import { script as component } from '../../actors/transform/script.ts';
import { textCodec } from '../../src/codec/text.ts';
import { recordOf, run, unexpected } from '../topology/harness.ts';
import type { Outcome } from '../topology/harness.ts';

/* The logic around a script, with a module that is not loaded from anywhere and a guard that only calls. */

type Form = ScriptModule['form'];

const perRecord = (call: Script<unknown, never>): Form => ({ kind: 'record', call: call as never });
const perBatch = (call: ScriptBatch<unknown, never>): Form => ({ kind: 'batch', call: call as never });

function logicOf(form: Form, options: object = {}, guard: ScriptModule['guard'] = (_budget, work) => { work(); return 'done'; }): TransformLogic {
  const module: ScriptModule = { name: 'it.ts', form, guard, explain: (error) => (error as Error).message, pause: () => Promise.resolve() };
  const context = { script: () => module, plain: () => textCodec } as unknown as BuildContext;
  return component.build(component.config.parse({ module: 'it.ts', ...options }), context) as TransformLogic;
}

function codes({ failed }: Outcome): string[] {
  return failed.map(({ record, failure }) => `${record.offset} ${failure.code}: ${failure.message}`);
}

/** One thing a script does for a record. */
type Act = 'pass' | 'send' | 'delete' | 'drop' | 'fail' | 'throw' | 'caught';

function perform(acts: readonly Act[], record: ScriptRecord<unknown>, out: ScriptOut): void {
  for (const [index, act] of acts.entries()) {
    if (act === 'throw') throw new Error('thrown');
    if (act === 'send') out.send(record, { index });
    else if (act === 'fail') out.fail(record, 'told');
    else if (act === 'caught') try { out.send(record, undefined); } catch { /* The script goes on as if nothing were wrong. */ }
    else out[act](record);
  }
}

/** What has to become of a record, said in another way: outputs by number, `filtered`, or `failed`. */
function expected(acts: readonly Act[], forgotten: 'filtered' | 'failed'): number | 'filtered' | 'failed' {
  if (acts.length === 0) return forgotten;
  if (acts.some((act) => act === 'throw' || act === 'fail' || act === 'caught')) return 'failed';
  if (acts.every((act) => act === 'send' || act === 'delete')) return acts.length;
  if (acts.length > 1) return 'failed';
  return acts[0] === 'drop' ? 'filtered' : 1;
}

const act = fc.constantFrom<Act>('pass', 'send', 'delete', 'drop', 'fail', 'throw', 'caught');
const plan = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom<Act[]>(['pass'], ['send'], ['send', 'send', 'delete'], ['drop']) }, { weight: 1, arbitrary: fc.array(act, { maxLength: 3 }) }), { maxLength: 40 });

/** Outputs as offsets in their order, with copies behind what they are copies of. */
function checkOutcome(outcome: Outcome, order: readonly StreamRecord[], plans: readonly Act[][], forgotten: 'filtered' | 'failed'): void {
  const fates = plans.map((acts) => expected(acts, forgotten));
  const having = (fate: (value: number | 'filtered' | 'failed') => boolean): number[] => fates.flatMap((value, offset) => (fate(value) ? [offset] : []));
  assert.deepEqual(outcome.forwarded.map(({ record }) => record.offset), having((fate) => typeof fate === 'number'));
  assert.deepEqual(outcome.filtered.map(({ offset }) => offset), having((fate) => fate === 'filtered'));
  assert.deepEqual(outcome.failed.map(({ record }) => record.offset), having((fate) => fate === 'failed'));
  assert.deepEqual(order.map(({ offset }) => offset), fates.flatMap((fate, offset) => (typeof fate === 'number' ? new Array<number>(fate).fill(offset) : [])));
}

describe('every input of a script has one fate, and outputs keep the order', () => {
  const check = (form: (plans: readonly Act[][]) => Form, forgotten: 'filtered' | 'failed'): void => {
    fc.assert(
      fc.property(plan, (plans) => {
        const order: StreamRecord[] = [];
        const outcome: Outcome = { forwarded: [], copies: [], filtered: [], failed: [] };
        void logicOf(form(plans)).process(
          { kind: 'batch', now: 5000, records: plans.map((_, offset) => recordOf({ offset }, { offset })) },
          {
            forward: (record) => { outcome.forwarded.push({ record, port: 0 }); order.push(record); },
            copy: (record, port) => { outcome.copies.push({ record, port }); order.push(record); },
            filtered: (record) => void outcome.filtered.push(record),
            failed: (record, failure) => void outcome.failed.push({ record, failure }),
            ...unexpected
          },
          0
        );
        checkOutcome(outcome, order, plans, forgotten);
      })
    );
  };

  it('once per record', () => { check((plans) => perRecord((record, out) => { perform(plans[record.offset] ?? [], record, out); }), 'filtered'); });

  it('a batch at a time, in one pass', () => { check((plans) => perBatch((records, out) => { for (const record of records) perform(plans[record.offset] ?? [], record, out); }), 'failed'); });

  it('a batch at a time, where what throws is found out before anything is sent', () => {
    const two = (plans: readonly Act[][]): Form => perBatch((records, out) => {
      for (const { offset } of records) if (plans[offset]?.includes('throw')) throw new Error('thrown');
      for (const record of records) perform(plans[record.offset] ?? [], record, out);
    });
    check(two, 'failed');
  });
});

describe('what a script sends', () => {
  const only = (call: (record: ScriptRecord<unknown>, out: ScriptOut) => undefined, value: unknown = { a: 1 }, parts: Partial<StreamRecord> = {}): Outcome =>
    run(logicOf(perRecord(call), { tombstones: 'script' }), [recordOf(value, parts)]);
  const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

  it('passes the very record, or its bytes with another key, headers and time', () => {
    const record = recordOf({ a: 1 }, { headers: [['h', Buffer.from('1')], ['h', null], ['i', Buffer.from('2')]] });
    const [same] = run(logicOf(perRecord((view, out) => out.pass(view))), [record]).forwarded;
    assert.equal(same?.record, record);
    const [other] = run(logicOf(perRecord((view, out) => out.pass(view, { key: 'ü', headers: { h: 'x', i: null, j: Uint8Array.of(1) }, timestamp: 9 }))), [record]).forwarded;
    assert.ok(other !== undefined);
    const { key, bytes, changed, headers, timestamp, origin } = other.record;
    assert.deepEqual([text(key), bytes, changed, timestamp, origin.original], ['ü', record.bytes, false, 9, record]);
    assert.deepEqual(headers.map(([name, value]) => `${name}=${text(value)}`), ['h=x', 'j=\u0001']);
  });

  it('sends values and tombstones, as many as it likes, and knows what was read through all changes', () => {
    const { forwarded, copies } = only((record, out) => {
      out.delete(record);
      out.send(record, [1], { key: null });
      out.send(record, null);
    });
    const [tombstone, moved, last] = [...forwarded, ...copies].map(({ record }) => record);
    assert.deepEqual([tombstone?.bytes, tombstone?.value, tombstone?.changed, text(tombstone?.key)], [null, null, false, 'k']);
    assert.deepEqual([moved?.value, moved?.changed, moved?.key, text(moved?.origin.original?.key)], [[1], true, null, 'k']);
    assert.deepEqual([last?.value, last?.changed, last?.origin.original], [null, true, undefined]);
    const again = run(logicOf(perRecord((record, out) => out.pass(record, { key: 'z' }))), [moved as StreamRecord]).forwarded[0];
    assert.equal(again?.record.origin.original, moved?.origin.original);
  });

  it('gives it all of a record, as text where that is asked for', () => {
    let seen: unknown[] = [];
    only((record, out) => {
      seen = [record.value, record.tombstone, record.keyText, record.header('h'), record.header('none'), record.topic, record.partition, record.offset, record.timestamp, out.now];
      return out.drop(record);
    }, { a: 1 }, { headers: [['h', Buffer.from('1')], ['h', Buffer.from('2')]] });
    assert.deepEqual(seen, [{ a: 1 }, false, 'k', '2', null, 'in', 3, 7, 1000, 5000]);
  });

  it('hands it options that it cannot change, a default too', () => {
    const { failed } = run(logicOf(perRecord((_record, _out, options) => { (options as { deep: { a: number } }).deep.a = 2; }), { options: { deep: { a: 1 } } }), [recordOf(1)]);
    assert.match(failed[0]?.failure.message ?? '', /read only/);
    assert.deepEqual(codes(run(logicOf(perRecord((record, out, options) => out.fail(record, JSON.stringify(options)))), [recordOf(1)])), ['7 script_failed: {}']);
  });

  for (const [mistake, call, message] of [
    ['no value', (r, o) => o.send(r, undefined), /expected a value, found undefined/],
    ['a promise as value', (r, o) => o.send(r, Promise.resolve(1)), /found a promise/],
    ['a key of another type', (r, o) => o.send(r, 1, { key: 5 as never }), /send: key: expected text, bytes or null, found number/],
    ['half a character', (r, o) => o.pass(r, { headers: { h: '\ud800' } }), /pass: header h: expected text that Unicode has/],
    ['a time that is none', (r, o) => o.send(r, 1, { timestamp: 1.5 }), /timestamp: expected whole milliseconds since 1970, found 1.5/],
    ['an unknown change', (r, o) => o.send(r, 1, { ky: 'x' } as never), /expected changes of key, headers, timestamp, found ky/],
    ['a delete without a key', (r, o) => o.delete(r, { key: null }), /expected a key to delete/],
    ['both pass and send', (r, o) => { o.pass(r); o.send(r, 1); }, /send: the record was settled already, by pass/],
    ['both send and drop', (r, o) => { o.send(r, 1); o.drop(r); }, /drop: the record was settled already, by send or delete/],
    ['outputs without end', (r, o) => { for (;;) o.send(r, 1); }, /send: expected at most 10000 outputs for one record/],
    ['a record of its own making', (r, o) => o.pass({ ...r, value: 1 }), /expected a record that the script was given, found object/],
    ['a promise returned', (() => Promise.reject(new Error('later'))) as never, /expected a script that is synchronous/],
    ['a value returned instead of sent', (() => ({ total: 1 })) as never, /expected out\.send\(record, value\) or another helper of out, the script returned object/],
    ['a key that is no text', (r, o) => o.send(r, r.keyText), /key: expected text as UTF-8/]
  ] as readonly (readonly [string, (record: ScriptRecord<unknown>, out: ScriptOut) => undefined, RegExp])[]) {
    it(`refuses ${mistake}`, () => {
      const { forwarded, copies, failed } = only(call, 1, { key: Uint8Array.of(0xff) });
      assert.deepEqual([forwarded, copies], [[], []]);
      assert.equal(failed[0]?.failure.code, 'script_failed');
      assert.match(failed[0].failure.message, message);
    });
  }

  it('refuses a record of another call', () => {
    let kept: ScriptRecord<unknown> | null = null;
    const logic = logicOf(perRecord((record, out) => out.pass((kept ??= record))));
    assert.match(codes(run(logic, [recordOf(1, { offset: 0 }), recordOf(2, { offset: 1 })])).join(), /^1 script_failed: pass: records are settled in their order.*offset 0 was done already$/);
    assert.match(codes(run(logic, [recordOf(3, { offset: 2 })])).join(), /expected a record of this call/);
  });
});

describe('tombstones', () => {
  const records = [1, undefined, 2, undefined, undefined].map((value, offset) => recordOf(value, { offset }));
  const forms: readonly [string, Form][] = [
    ['once per record', perRecord((record, out) => out.send(record, record.value))],
    ['a batch at a time', perBatch((views, out) => { for (const view of views) out.send(view, view.value); })]
  ];
  for (const [name, form] of forms) {
    it(`go on in their place without the script, ${name}`, () => {
      const { forwarded } = run(logicOf(form), records);
      assert.deepEqual(forwarded.map(({ record }) => [record.offset, record.changed]), [[0, true], [1, false], [2, true], [3, false], [4, false]]);
      assert.equal(run(logicOf(form), records.slice(3)).forwarded.length, 2);
    });
    it(`reach it where that is asked for, ${name}`, () => {
      assert.ok(run(logicOf(form, { tombstones: 'script' }), records).forwarded.every(({ record }) => record.changed));
    });
  }
});

describe('the batch form', () => {
  it('settles in order, and says so', () => {
    const logic = logicOf(perBatch((records, out) => { for (const record of [...records].reverse()) out.pass(record); }));
    const outcome = run(logic, [0, 1].map((offset) => recordOf(offset, { offset })));
    assert.equal(outcome.forwarded.length + outcome.failed.length, 2);
    assert.match(codes(outcome).join(), /script called nothing|settled in their order/);
  });

  it('has the batch in one call where all goes well', () => {
    const sizes: number[] = [];
    run(logicOf(perBatch((records, out) => { sizes.push(records.length); for (const record of records) out.pass(record); })), Array.from({ length: 1000 }, (_, offset) => recordOf(1, { offset })));
    assert.deepEqual(sizes, [1000]);
  });
});

describe('a process that was stopped while a script worked', () => {
  for (const form of [perRecord((record, out) => out.pass(record)), perBatch((records, out) => { for (const record of records) out.pass(record); })]) {
    it(`does not make its record poison at once, ${form.kind}`, async () => {
      const fates = async (stalls: number): Promise<string[]> => {
        let left = stalls;
        const logic = logicOf(form, {}, (_budget, work) => {
          if (left-- > 0) return 'stalled';
          work();
          return 'done';
        });
        const seen: string[] = [];
        await logic.process({ kind: 'batch', records: [recordOf(1)], now: 0 }, { forward: () => seen.push('forwarded'), copy: () => seen.push('copy'), filtered: () => seen.push('filtered'), failed: (_, { code }) => seen.push(code), ...unexpected }, 0);
        return seen;
      };
      assert.deepEqual(await fates(3), ['forwarded']);
      assert.deepEqual(await fates(4), ['script_timeout']);
    });
  }
});
