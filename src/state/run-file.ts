import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { Failure } from '../../actors/failure.ts';

/*
 * A run: entries in the order of their keys on disk, each the lengths of key and value and then both; a value of `absent` bytes is a deletion.
 */

const absent = 0xffff_ffff;
const front = 8;
const bufferBytes = 64 * 1024;

/** A key on disk as a binary string, and the encoded value; null: deleted. */
export type RunEntry = readonly [key: string, value: Buffer | null];

/** Writes a run; with `flush` it is on disk when this returns. */
export function writeRun(file: string, entries: Iterable<RunEntry>, flush: boolean): void {
  const descriptor = openSync(file, 'w');
  try {
    let buffer = Buffer.allocUnsafe(bufferBytes);
    let length = 0;
    for (const [key, value] of entries) {
      const size = front + key.length + (value?.length ?? 0);
      if (length + size > buffer.length) {
        writeAll(descriptor, buffer.subarray(0, length));
        length = 0;
        if (size > buffer.length) buffer = Buffer.allocUnsafe(size);
      }
      buffer.writeUInt32BE(key.length, length);
      buffer.writeUInt32BE(value === null ? absent : value.length, length + 4);
      buffer.write(key, length + front, 'latin1');
      if (value !== null) buffer.set(value, length + front + key.length);
      length += size;
    }
    writeAll(descriptor, buffer.subarray(0, length));
    if (flush) fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}

/** The entries of a run. The file is open only while a part of it is read: there may be hundreds of runs. */
export function* readRun(file: string): Generator<RunEntry> {
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;
  let position = 0;
  for (;;) {
    let size = sizeAt(bytes, at);
    if (at + size > bytes.length) {
      const rest = bytes.subarray(at);
      const more = readPart(file, position, Math.max(bufferBytes, size));
      if (more.length === 0 && rest.length === 0) return;
      if (more.length === 0) throw new Failure('state_corrupt', `${file} ends in the middle of an entry.`);
      position += more.length;
      bytes = Buffer.concat([rest, more]);
      at = 0;
      size = sizeAt(bytes, 0);
      if (size > bytes.length) continue;
    }
    const keyEnd = at + front + bytes.readUInt32BE(at);
    const isDeleted = bytes.readUInt32BE(at + 4) === absent;
    yield [bytes.toString('latin1', at + front, keyEnd), isDeleted ? null : bytes.subarray(keyEnd, at + size)];
    at += size;
  }
}

/** Bytes of the entry that begins at `at`, as far as can be told yet. */
function sizeAt(bytes: Buffer, at: number): number {
  if (at + front > bytes.length) return front;
  const valueLength = bytes.readUInt32BE(at + 4);
  return front + bytes.readUInt32BE(at) + (valueLength === absent ? 0 : valueLength);
}

function readPart(file: string, position: number, length: number): Buffer {
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
  } finally {
    closeSync(descriptor);
  }
}

/** One run of several, oldest first: each key once, as the newest of them has it; `onTwice` is told of keys that older ones have too. */
export function* mergeRuns(runs: readonly Iterable<RunEntry>[], onTwice?: (key: string) => void): Generator<RunEntry> {
  const heap = runs.map((run, age): Head => ({ age, rest: run[Symbol.iterator](), entry: ['', null] })).filter(advance);
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) sink(heap, at);
  let last: string | null = null;
  while (heap.length > 0) {
    const head = heap[0] as Head;
    const { entry } = head;
    if (!advance(head)) {
      const end = heap.pop() as Head;
      if (heap.length > 0 && end !== head) heap[0] = end;
    }
    sink(heap, 0);
    if (entry[0] !== last) yield entry;
    else onTwice?.(last);
    last = entry[0];
  }
}

interface Head {
  readonly age: number;
  readonly rest: Iterator<RunEntry>;
  entry: RunEntry;
}

function advance(head: Head): boolean {
  const next = head.rest.next();
  if (next.done === true) return false;
  head.entry = next.value;
  return true;
}

/** Restores the order of a heap below `at`. */
function sink(heap: Head[], at: number): void {
  for (;;) {
    let first = at;
    for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && isBefore(heap[child] as Head, heap[first] as Head)) first = child;
    if (first === at) return;
    [heap[at], heap[first]] = [heap[first] as Head, heap[at] as Head];
    at = first;
  }
}

/** Of equal keys the newer run comes first. */
function isBefore(a: Head, b: Head): boolean {
  return a.entry[0] < b.entry[0] || (a.entry[0] === b.entry[0] && a.age > b.age);
}
