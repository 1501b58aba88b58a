import type { Plan } from '../topology/model.ts';
import { nearest } from '../topology/suggest.ts';
import type { Arguments } from './command.ts';
import { UsageError } from './command.ts';

/** The node that --node names, which has a store. */
export function storeNode({ name, subTopologies }: Plan, args: Arguments): string {
  const stores = subTopologies.flatMap((sub) => sub.stores);
  const node = args.text('node');
  if (stores.length === 0) throw new UsageError(`${name} has no keyed state.`);
  if (node === undefined) throw new UsageError(`Say whose state: --node NODE, one of ${stores.join(', ')}.`);
  if (stores.includes(node)) return node;
  const near = nearest(node, stores);
  throw new UsageError(`${name} has no node ${node} with a store${near === null ? `, but ${stores.join(', ')}` : ` (did you mean ${near}?)`}.`);
}
