import type { AggregateCall, Expression } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import type { StreamRecord } from '../record.ts';
import type { StoreValue } from '../store.ts';
import type { Aggregate, Input } from './aggregate/aggregate.ts';
import { findAggregate } from './aggregate/functions.ts';
import type { Algebra, Partial, Working } from './algebra.ts';
import { mergeTimes, noteTimes, packTimes } from './times.ts';

interface Column {
  readonly name: string;
  readonly call: AggregateCall;
  readonly aggregate: Aggregate;
  /** Null for `count()`. */
  readonly evaluate: Expression | null;
}

/** Several aggregates side by side, each under its name. */
export class Aggregates implements Algebra {
  readonly grows = false;
  readonly holds: StoreValue;
  /** By name: the order in the file may change and the state still be read. */
  readonly #columns: readonly Column[];
  /** Places of the columns in the order of the file, for results. */
  readonly #order: readonly number[];
  /** What `read` found; null is not added. */
  readonly #values: unknown[];

  /** The calls as the file has them, by name. */
  constructor(calls: ReadonlyMap<string, AggregateCall>) {
    const names = [...calls.keys()].sort();
    this.#columns = names.map((name) => column(name, calls.get(name) as AggregateCall));
    this.#order = [...calls.keys()].map((name) => names.indexOf(name));
    this.#values = names.map(() => null);
    this.holds = this.#columns.map(({ name, call }) => [name, call.name, ...call.args.map(({ source }) => source.trim())]);
  }

  read(record: StreamRecord, now: number): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const { evaluate } = this.#columns[i] as Column;
      this.#values[i] = evaluate === null ? true : this.#evaluate(this.#columns[i] as Column, evaluate, record, now);
    }
  }

  create(): Working {
    return { time: -Infinity, timestamp: -Infinity, records: 0, states: this.#columns.map(({ aggregate }) => aggregate.create()) };
  }

  add(working: Working, record: StreamRecord): void {
    noteTimes(working, record);
    const { states } = working;
    for (let i = 0; i < states.length; i++) {
      const value = this.#values[i];
      if (value !== null) states[i] = (this.#columns[i] as Column).aggregate.add(states[i], value as Input, record);
    }
  }

  pack(working: Working): Partial {
    return [packTimes(working), ...this.#columns.map(({ aggregate }, i) => aggregate.pack(working.states[i]))];
  }

  merge(first: Partial, second: Partial): Partial {
    const states = this.#columns.map(({ aggregate }, i) => aggregate.merge(first[i + 1] as StoreValue, second[i + 1] as StoreValue));
    return [mergeTimes(first[0], second[0]), ...states];
  }

  settle(partial: Partial): Partial {
    return partial;
  }

  result(partial: Partial): Readonly<Record<string, StoreValue>> {
    const fields: Record<string, StoreValue> = {};
    for (const place of this.#order) {
      const { name, aggregate } = this.#columns[place] as Column;
      fields[name] = aggregate.result(partial[place + 1] as StoreValue);
    }
    return fields;
  }

  #evaluate({ name, aggregate }: Column, evaluate: Expression, record: StreamRecord, now: number): unknown {
    const value = evaluate(record, now);
    if (value === null) return null;
    try {
      aggregate.check(value as Input);
    } catch (error) {
      const failure = asFailure(error, 'expression_failed');
      throw new Failure(failure.code, `aggregate ${name}: ${failure.message}`);
    }
    return value;
  }
}

function column(name: string, call: AggregateCall): Column {
  const found = findAggregate(call.name);
  if (found === undefined) throw new Error(`there is no aggregate function ${call.name}`);
  const aggregate = found.create(Number(call.args[1]?.source ?? 0));
  return { name, call, aggregate, evaluate: call.args[0]?.evaluate ?? null };
}
