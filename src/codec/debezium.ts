import type { Codec } from '../../actors/codec.ts';
import { deleted, dropped } from '../../actors/codec.ts';
import { Failure } from '../../actors/failure.ts';
import { readJson } from './json.ts';

/** How change events are read. */
export interface DebeziumOptions {
  /** Decodes the envelope. */
  readonly inner: Codec;
  /** What a delete becomes: a tombstone, nothing, or the row before it with `__deleted: true`. */
  readonly deletes: 'tombstone' | 'drop' | 'before';
}

/** Operations after which the row is in `after`: create, read (of a snapshot), update. */
const kept = new Set(['c', 'r', 'u']);
/** Truncate, and a message of the database itself: there is no row. As Debezium's own ExtractNewRecordState does, they are left out. */
const rowless = new Set(['t', 'm']);

/**
 * Change events of Debezium (https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events), with or without their schema part. The value is the row
 * after the change; columns are as the connector writes them (its decimal and temporal types too). MongoDB's documents, which are JSON in a text, are read.
 */
export function debeziumReader({ inner, deletes }: DebeziumOptions): Codec {
  return {
    id: `debezium:${deletes}:${inner.id}`,
    unwraps: true,
    ...(inner.exotic === true ? { exotic: true } : {}),
    ...(inner.beforeDecode === undefined ? {} : { beforeDecode: inner.beforeDecode.bind(inner) }),
    ...(inner.check === undefined ? {} : { check: inner.check.bind(inner) }),
    decode(bytes, headers) {
      const { op, before, after } = envelope(inner.decode(bytes, headers));
      if (kept.has(op)) return row(after, 'after');
      if (rowless.has(op)) return dropped;
      if (op !== 'd') throw new Failure('undecodable', `op: expected c, r, u, d, t or m, found ${JSON.stringify(op.slice(0, 20))}`);
      if (deletes === 'tombstone') return deleted;
      if (deletes === 'drop') return dropped;
      const last = row(before, 'before');
      return typeof last === 'object' && last !== null ? { ...last, __deleted: true } : { __deleted: true };
    },
    encode() {
      throw new Error('this codec reads');
    },
    counterpart: () => inner.counterpart?.() ?? inner
  };
}

interface Envelope {
  readonly op: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** With JSON and schemas enabled the envelope is the payload beside a schema. */
function envelope(value: unknown): Envelope {
  const outer = asObject(value);
  const { op, before, after } = 'payload' in outer && !('op' in outer) ? asObject(outer['payload']) : outer;
  if (typeof op !== 'string') throw new Failure('undecodable', "expected a change event with op, before and after, found none; is it unwrapped already? Then read it with the connector's own codec");
  return { op, before, after };
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) return value as Readonly<Record<string, unknown>>;
  throw new Failure('undecodable', 'expected a change event, an object, found another value');
}

function row(value: unknown, name: string): unknown {
  const found = typeof value === 'string' ? readJson(Buffer.from(value), 'auto') : value;
  if (found === undefined) throw new Failure('undecodable', `expected ${name} in a change event, found none`);
  return found ?? null;
}
