import type { Peer } from '../../../actors/peer.ts';
import type { TopicPartition } from '../../../actors/port.ts';
import type { Unit } from '../assigner.ts';
import { load } from './internals.ts';

/*
 * What members of a group tell each other through the coordinator: Kafka's consumer protocol (ConsumerProtocol*.json,
 * version 1), with our part in its user data as JSON. Unknown fields and broken user data are let pass: another version of
 * Millrace may have written them.
 */

/** The user data of a member that joins. */
export interface MemberData {
  readonly signature: string;
  readonly generation: number;
  readonly owned: readonly Unit[];
  readonly held: readonly Unit[];
  readonly pinned: boolean;
  /** How other daemons reach it; null where it does not say. */
  readonly peer: Peer | null;
}

/** A member's assignment as it gets it. `refusedBy` is the signature the group runs, if that is not this member's. */
export interface MemberAssignment {
  readonly partitions: readonly TopicPartition[];
  readonly refusedBy: string | null;
}

interface AssignerProtocol {
  readonly MemberMetadata: {
    encode(metadata: { version: number; topics: readonly string[]; userData: Buffer }): Buffer;
    decode(buffer: Buffer): { readonly userData: Buffer | null };
  };
  readonly MemberAssignment: {
    encode(assignment: { version: number; assignment: Record<string, readonly number[]>; userData: Buffer }): Buffer;
    decode(buffer: Buffer): { readonly assignment: Record<string, readonly number[]>; readonly userData: Buffer | null } | null;
  };
}

/**
 * The name under which members know that they share this assigner. Changing what it does needs another name, unless members that do not know of it
 * cannot be in one group with those that use it: what is held came with nodes that have state, and an older member refuses a plan with those.
 */
export const assignerName = 'millrace-sticky';

const wireVersion = 0;
/** 3 came with `peer`, 2 with `held` and `pinned`, 1 is without. */
const dataVersion = 3;

/** Longest address that is taken, in characters: all members' data is in the answer to the leader. */
const longestUrl = 300;

/** The metadata of a JoinGroup. */
export function encodeMember(topics: readonly string[], data: MemberData): Buffer {
  const { signature, generation, owned, held, pinned, peer } = data;
  const json = { v: dataVersion, signature, generation, owned: listsOf(owned), ...(held.length > 0 ? { held: listsOf(held) } : {}), ...(pinned ? { pinned } : {}), ...(peer === null ? {} : { peer }) };
  return protocol().MemberMetadata.encode({ version: wireVersion, topics, userData: Buffer.from(JSON.stringify(json)) });
}

/** Reads another member's metadata; what cannot be read counts as a member that owns nothing and runs an unknown plan. */
export function decodeMember(metadata: Buffer): MemberData {
  const json = parse(() => protocol().MemberMetadata.decode(metadata).userData);
  return {
    signature: typeof json['signature'] === 'string' ? json['signature'] : '',
    generation: typeof json['generation'] === 'number' ? json['generation'] : -1,
    owned: unitsIn(json['owned']),
    held: unitsIn(json['held']),
    pinned: json['pinned'] === true,
    peer: peerIn(json['peer'])
  };
}

/** Whoever may join the group wrote it: nothing but an id and the address of an HTTP server is taken. */
function peerIn(json: unknown): Peer | null {
  const { id, url } = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  if (typeof id !== 'string' || !/^[\w-]{1,64}$/.test(id) || typeof url !== 'string' || url.length > longestUrl || !URL.canParse(url)) return null;
  const { protocol, username, password, search, hash, href } = new URL(url);
  const plain = /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
  return plain ? { id, url: href.replace(/\/+$/, '') } : null;
}

/** Partition numbers by group, as they are on the wire. */
function listsOf(units: readonly Unit[]): number[][] {
  const lists: number[][] = [];
  for (const { group, partition } of units) (lists[group] ??= []).push(partition);
  return Array.from(lists, (list) => list ?? []);
}

function unitsIn(json: unknown): Unit[] {
  const lists: unknown[] = Array.isArray(json) ? json : [];
  return lists.flatMap((list, group) => (Array.isArray(list) ? list.filter(Number.isInteger).map((partition) => ({ group, partition: partition as number })) : []));
}

/** One member's part of a SyncGroup. */
export function encodeAssignment(partitions: readonly TopicPartition[], refusedBy: string | null): Buffer {
  const assignment = Object.create(null) as Record<string, number[]>;
  for (const { topic, partition } of partitions) (assignment[topic] ??= []).push(partition);
  const json = { v: dataVersion, ...(refusedBy === null ? {} : { refusedBy }) };
  return protocol().MemberAssignment.encode({ version: wireVersion, assignment, userData: Buffer.from(JSON.stringify(json)) });
}

/** Reads what the leader assigned to this member; an empty answer is no partitions. */
export function decodeAssignment(assignment: Buffer | null): MemberAssignment {
  const decoded = assignment === null ? null : protocol().MemberAssignment.decode(assignment);
  if (decoded === null) return { partitions: [], refusedBy: null };
  const json = parse(() => decoded.userData);
  const partitions = Object.entries(decoded.assignment).flatMap(([topic, list]) => list.map((partition) => ({ topic, partition })));
  return { partitions, refusedBy: typeof json['refusedBy'] === 'string' ? json['refusedBy'] : null };
}

function parse(read: () => Buffer | null): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse((read() ?? '{}').toString());
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function protocol(): AssignerProtocol {
  return load<AssignerProtocol>('consumer/assignerProtocol');
}
