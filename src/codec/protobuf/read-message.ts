import type { DescMessage } from '@bufbuild/protobuf';
import { Failure } from '../../../actors/failure.ts';
import { Cursor, failureOf, maxDepth, tooDeep } from './cursor.ts';
import type { FieldReader } from './read-field.ts';
import { fieldReaders } from './read-field.ts';
import type { Long } from './read-scalar.ts';
import type { FieldType, Linked } from './types.ts';
import { wellKnownReaders } from './well-known-read.ts';

/** Reads the content of a message up to the cursor's limit. `depth` is how many more levels it may nest. */
export type ReadMessage = (cursor: Cursor, depth: number) => unknown;

/** Readers of a schema's messages, made when they are first needed. */
export class Readers {
  readonly long: Long;
  readonly #linked: Linked;
  readonly #made = new Map<DescMessage, ReadMessage>();

  constructor(linked: Linked, long: Long) {
    this.#linked = linked;
    this.long = long;
  }

  /** By full name, for Any; also of messages that Protobuf itself has. */
  named(name: string): DescMessage | null {
    return this.#linked.getMessage(name) ?? null;
  }

  fieldsOf(type: DescMessage): readonly FieldType[] {
    return this.#linked.fieldsOf(type);
  }

  of(type: DescMessage): ReadMessage {
    const made = this.#made.get(type);
    if (made !== undefined) return made;
    // A message that holds itself finds this one while its own is being made.
    this.#made.set(type, (cursor, depth) => this.of(type)(cursor, depth));
    const read = wellKnownReaders.get(type.typeName)?.(type, this) ?? plainReader(this.fieldsOf(type), this);
    this.#made.set(type, read);
    return read;
  }

  /** Reads a whole payload. */
  read(type: DescMessage, bytes: Uint8Array): unknown {
    const cursor = new Cursor(bytes);
    try {
      return this.of(type)(cursor, maxDepth);
    } catch (error) {
      throw located(error, type, cursor);
    }
  }
}

/** A singular message of a field, as where its bytes are. It is read once its parent has been, because what comes again is merged. */
export interface Span {
  readonly field: FieldReader;
  start: number;
  end: number;
  /** What came before it and belongs to it: parts of one message. */
  earlier: Uint8Array[] | null;
}

/** An object that is being filled. */
export type Draft = Record<string, unknown>;

/** Reads a message as a plain object: fields without presence first, with their zero, then the others in the order in which they come. */
export function plainReader(fields: readonly FieldType[], readers: Readers): ReadMessage {
  const { byTag, zeros, required } = fieldReaders(fields, readers);
  const small = byTag.length;
  const { large } = byTag;
  return (cursor, depth) => {
    if (depth <= 0) throw tooDeep();
    const draft: Draft = zeros();
    const spans: Span[] = [];
    while (cursor.pos < cursor.limit) {
      const tag = cursor.fieldTag();
      const field = tag < small ? byTag.small[tag] : large.get(tag);
      if (field === undefined || field === null) cursor.skipField(tag, depth);
      else field.read(cursor, draft, depth - 1, spans);
    }
    cursor.finish();
    for (let i = 0; i < spans.length; i++) readSpan(spans[i] as Span, draft, cursor, depth - 1);
    for (let i = 0; i < required.length; i++) {
      if (!Object.hasOwn(draft, required[i] as string)) throw new Failure('undecodable', `expected the required field ${required[i] as string}, found none`);
    }
    return draft;
  };
}

function readSpan(span: Span, draft: Draft, cursor: Cursor, depth: number): void {
  const { field } = span;
  // Another member of its oneof came behind it.
  if (!Object.hasOwn(draft, field.key) || draft[field.key] !== span) return;
  cursor.path.push(field.key);
  field.set(draft, span.earlier === null ? within(cursor, span, field.message as ReadMessage, depth) : joined(cursor, span, field.message as ReadMessage, depth));
  cursor.path.pop();
}

/** Reads what lies between two positions. */
function within(cursor: Cursor, { start, end }: Span, read: ReadMessage, depth: number): unknown {
  const { pos, limit } = cursor;
  cursor.pos = start;
  cursor.limit = end;
  const value = read(cursor, depth);
  cursor.pos = pos;
  cursor.limit = limit;
  return value;
}

/** Reads parts of one message one behind the other, which is how the format merges them. What is copied for that is bounded. */
function joined(cursor: Cursor, { start, end, earlier }: Span, read: ReadMessage, depth: number): unknown {
  const bytes = Buffer.concat([...(earlier ?? []), cursor.source.subarray(start, end)]);
  cursor.joinable -= bytes.length;
  if (cursor.joinable < 0) throw new Failure('undecodable', 'expected each message once, found too much of it in parts');
  const inner = new Cursor(bytes, cursor.joinable);
  inner.path.push(...cursor.path);
  const value = read(inner, depth);
  cursor.joinable = inner.joinable;
  return value;
}

function located(thrown: unknown, type: DescMessage, { path }: Cursor): unknown {
  const error = failureOf(thrown);
  if (!(error instanceof Failure)) return error;
  const at = path.length === 0 ? '' : ` at ${path.join('.').slice(0, 60)}`;
  return new Failure(error.code, `${type.typeName}${at}: ${error.message}`, { cause: error.cause });
}
