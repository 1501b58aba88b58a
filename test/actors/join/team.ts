import { findComponent } from '../../../actors/catalogue.ts';
import type { InputTime, PassedOn } from '../../../actors/component.ts';
import { lowest } from '../../../actors/keyed/arriving.ts';
import type { StatefulLogic } from '../../../actors/keyed/stateful.ts';
import { NodeContext } from '../../../src/topology/context.ts';
import { SourceFile } from '../../../src/topology/document.ts';
import type { Sent } from '../keyed/task.ts';
import { KeyedNode } from '../keyed/task.ts';

/** The logic of a node with these options, as a file would have them. */
export function logicOf(type: 'table' | 'join', options: object): StatefulLogic {
  const component = findComponent('transform', type);
  if (component?.kind !== 'transform') throw new Error(`there is no ${type}`);
  const file = new SourceFile('test.yaml', '{}', { env: {} });
  const logic = component.build(component.config.parse(options), new NodeContext(file, ['transforms', 'node'])) as StatefulLogic;
  if (file.problems.length > 0) throw new Error(JSON.stringify(file.problems));
  return logic;
}

/** How far event time is complete on the two inputs of a team. */
export interface Times {
  readonly table: InputTime;
  readonly stream: InputTime;
}

const complete: Times = { table: { watermark: -Infinity, idle: false }, stream: { watermark: -Infinity, idle: false } };

/** A table node and a node that looks up in its store, with barriers for both, as the actor that they share has them: the table comes first, and hears of the other one at the next barrier. */
export class Team {
  readonly table: KeyedNode;
  readonly join: KeyedNode;
  #readers: InputTime;

  constructor(table: StatefulLogic, join: StatefulLogic, shipped = false) {
    this.table = new KeyedNode((task) => table.open({ ...task, shipped: [shipped] }));
    this.join = new KeyedNode((task) => join.open({ ...task, shipped: [shipped], table: this.table.store }));
    this.#readers = { watermark: -Infinity, idle: false };
  }

  /** Ends the epoch and commits it. */
  barrier(times: Partial<Times> = {}): { readonly table: { readonly sent: Sent; readonly passed: PassedOn }; readonly join: { readonly sent: Sent; readonly passed: PassedOn } } {
    const { table: tableTime, stream } = { ...complete, ...times };
    const table = this.table.barrier({ ...tableTime, inputs: [tableTime], readers: this.#readers });
    const join = this.join.barrier({ ...stream, inputs: [stream], table: table.passed });
    this.#readers = lowest([join.passed], -Infinity);
    return { table, join };
  }

  /** A crash; with times in the midst of a checkpoint. What was committed comes back. */
  kill(times?: Partial<Times>): void {
    const { table, stream } = { ...complete, ...times };
    // The join first: its checkpoint has to come before the table is back where it was.
    this.join.kill(times && { ...stream, inputs: [stream], table });
    this.table.kill(times && { ...table, inputs: [table], readers: this.#readers });
    this.#readers = { watermark: this.join.own, idle: false };
  }
}
