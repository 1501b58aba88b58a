import type { Script } from 'millrace';

/*
 * What the topology script.yaml does with each order. Types are stripped when it is loaded; nothing is compiled. All it needs comes as
 * arguments, and all it does goes through `out`.
 */

/** What is under `options:` in the topology. */
interface Options {
  readonly large_from: number;
}

/** What an order has; a field may be missing, whatever a type says, so it is checked where it matters. */
interface Order {
  readonly customer?: string;
  readonly items?: readonly { readonly sku: string; readonly price: number; readonly quantity: number }[];
  readonly cancelled?: boolean;
  readonly test?: boolean;
}

const enrich: Script<Options, Order> = (record, out, { large_from }) => {
  const { customer, items, cancelled, test, ...rest } = record.value;
  if (test === true) return out.drop(record);
  if (typeof customer !== 'string') return out.fail(record, 'expected a customer');
  // A delete for whoever keeps orders by their key.
  if (cancelled === true) return out.delete(record);
  // One output for each item, under the customer's key. They leave together, or not at all if a later one fails.
  for (const { sku, price, quantity } of items ?? []) {
    const total = Math.round(price * quantity * 100) / 100;
    out.send(record, { ...rest, customer, sku, quantity, total, large: total >= large_from }, { key: customer, headers: { order: record.keyText } });
  }
  // An order without items came to nothing: with no call it is dropped, counted as filtered.
};

export default enrich;
