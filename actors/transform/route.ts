import * as z from 'zod';
import type { Collector, Expression } from '../component.ts';
import { defineTransform } from '../component.ts';
import { asFailure, Failure } from '../failure.ts';
import { expression, name } from '../options.ts';
import type { StreamRecord } from '../record.ts';
import { isTombstone } from '../record.ts';

/** Sends each record to the outputs whose expression is true. */
export const route = defineTransform({
  type: 'route',
  summary:
    'Sends each record to the first route, or to all, whose expression is true; readers name an output as node.route. A tombstone goes to every output when a route reads value: a delete is safe to repeat, and its key may be in any of them.',
  example: `
transforms:
  routed:
    type: route
    from: events
    routes:
      urgent: value.severity == "high"
      slow: value.severity == "low"
    otherwise: standard
`,
  config: z.strictObject({
    routes: z
      .record(name(), expression())
      .refine((routes) => Object.keys(routes).length > 0, { error: 'at least one route' })
      .describe('Outputs by name, each with an expression that gives true for its records, tried from top to bottom.'),
    match: z.enum(['first', 'all']).default('first').describe('Whether a record goes to the first route that matches or to all that do.'),
    otherwise: name().optional().describe('Output for records that no route matches. Without it they are dropped, counted as filtered.')
  }),
  outputs({ routes, otherwise }) {
    return otherwise === undefined ? Object.keys(routes) : [...Object.keys(routes), otherwise];
  },
  build({ routes, match, otherwise }, context) {
    const names = Object.keys(routes);
    if (otherwise !== undefined && names.includes(otherwise)) {
      context.problem(['otherwise'], 'duplicate_name', `${otherwise} is already the name of a route`, 'give otherwise a name of its own');
    }
    const conditions = Object.entries(routes).map(([key, source]) => context.expression(source, ['routes', key], 'bool'));
    const readsValue = Object.values(routes).some((source) => context.uses(source, 'value'));
    const router: Router = { names, conditions, first: match === 'first', outputs: names.length + (otherwise === undefined ? 0 : 1), matched: [] };
    return {
      process({ records, now }, out) {
        for (const record of records) {
          if (readsValue && isTombstone(record)) sendToAll(record, router.outputs, out);
          else routeRecord(router, record, now, out);
        }
      }
    };
  }
});

interface Router {
  readonly names: readonly string[];
  readonly conditions: readonly Expression[];
  readonly first: boolean;
  readonly outputs: number;
  /** Scratch space, so that a record costs no allocation. */
  readonly matched: number[];
}

function sendToAll(record: StreamRecord, outputs: number, out: Collector): void {
  out.forward(record, 0);
  for (let port = 1; port < outputs; port++) out.copy(record, port);
}

/** All conditions are evaluated before anything is sent: a record that fails must not be half sent. */
function routeRecord(router: Router, record: StreamRecord, now: number, out: Collector): void {
  const { matched, conditions } = router;
  matched.length = 0;
  try {
    for (let port = 0; port < conditions.length; port++) {
      if (!holds(router, port, record, now)) continue;
      matched.push(port);
      if (router.first) break;
    }
  } catch (error) {
    out.failed(record, asFailure(error, 'expression_failed'));
    return;
  }
  const [port] = matched;
  if (port === undefined) {
    if (router.outputs > conditions.length) out.forward(record, conditions.length);
    else out.filtered(record);
    return;
  }
  out.forward(record, port);
  for (let i = 1; i < matched.length; i++) out.copy(record, matched[i] ?? 0);
}

function holds(router: Router, port: number, record: StreamRecord, now: number): boolean {
  const result = router.conditions[port]?.(record, now);
  if (typeof result === 'boolean') return result;
  throw new Failure('expression_failed', `route ${router.names[port] ?? port}: expected true or false, found ${typeof result}`);
}
