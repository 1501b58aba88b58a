import { crc32 } from 'node:zlib';
import type { Transaction } from 'lmdb';
import { Failure } from '../../actors/failure.ts';
import type { Attempt } from '../../actors/store.ts';
import type { Table } from './environment.ts';

/** The format of what is on disk. A newer one is not read. */
export const stateFormat = 1;

/** What a store holds, as its node describes it. */
export type Holds = Readonly<Record<string, unknown>>;

/** Whose state it is, as it is on disk; also in `stores.json`. */
export interface StoredIdentity {
  readonly format: number;
  readonly topology: string;
  readonly task: string;
  readonly stores: Readonly<Record<string, Holds>>;
}

/** How far the state is. */
export interface Progress {
  readonly applied: Attempt | null;
  readonly writtenAt: number | null;
  readonly prepared: Attempt | null;
  /** Changelog offsets, by store. */
  readonly positions: Readonly<Record<string, number>>;
  /** Runs of a restore that is under way, by store. */
  readonly runs?: Readonly<Record<string, number>>;
}

/** The progress of state that is new. */
export const noProgress: Progress = { applied: null, writtenAt: null, prepared: null, positions: {} };

const identityKey = Buffer.from('identity');
const progressKey = Buffer.from('progress');

/** The identity, of a snapshot where one is given; null where there is none. Throws `state_corrupt`. */
export function readIdentity(meta: Table, snapshot?: Transaction): StoredIdentity | null {
  return read(meta, identityKey, snapshot) as StoredIdentity | null;
}

/** The progress, of a snapshot where one is given. Throws `state_corrupt`. */
export function readProgress(meta: Table, snapshot?: Transaction): Progress {
  return (read(meta, progressKey, snapshot) as Progress | null) ?? noProgress;
}

/** In a transaction of the caller. */
export function putIdentity(meta: Table, identity: StoredIdentity): void {
  void meta.put(identityKey, encode(identity));
}

/** In a transaction of the caller. */
export function putProgress(meta: Table, progress: Progress): void {
  void meta.put(progressKey, encode(progress));
}

function encode(value: object): Buffer {
  const text = Buffer.from(`0000${JSON.stringify(value)}`);
  text.writeUInt32BE(crc32(text.subarray(4)), 0);
  return text;
}

function read(meta: Table, key: Buffer, transaction?: Transaction): unknown {
  const bytes = meta.get(key, transaction === undefined ? {} : { transaction });
  if (bytes === undefined) return null;
  const text = bytes.subarray(4);
  if (bytes.length < 4 || crc32(text) !== bytes.readUInt32BE(0)) throw new Failure('state_corrupt', `The ${key.toString()} of the state is damaged on disk: its checksum does not fit.`);
  return JSON.parse(text.toString());
}
