import type { TopicPartition } from '../../actors/port.ts';
import { ownerOf } from '../../actors/topic-set.ts';
import type { TopicSet } from '../../actors/topic-set.ts';

/*
 * Who reads what: sticky and co-partitioned, so that the two sides of a join stay together and a member that comes or
 * goes moves no more than it must; and a task goes where its state is, rather than the state where the task is. Pure
 * functions, for every broker.
 */

/** One partition number of one topic group: the partitions of that number of all its topics, which one member reads. */
export interface Unit {
  readonly group: number;
  readonly partition: number;
}

/** What a member says of itself when it joins. */
export interface Member {
  readonly id: string;
  readonly signature: string;
  /** The generation in which it was given `owned`; the later one wins where two claim the same. */
  readonly generation: number;
  readonly owned: readonly Unit[];
  /** Units whose state it has on disk, from whenever it had them. */
  readonly held: readonly Unit[];
  /** True where state cannot be rebuilt elsewhere: then what a member holds goes to nobody else, however uneven that is. */
  readonly pinned: boolean;
}

/** Who gets what. */
export interface Plan {
  /** Units by member id, for every member, in order. */
  readonly units: ReadonlyMap<string, readonly Unit[]>;
  /** The signature that the group runs. Members with another one get nothing. */
  readonly signature: string;
}

/** Deals `counts[group]` units of each group to the members. Same members and counts, same answer, in whatever order they come. */
export function assign(members: readonly Member[], counts: readonly number[]): Plan {
  const signature = ruling(members);
  const units = new Map<string, readonly Unit[]>();
  for (const member of members) units.set(member.id, []);
  const taking = members.filter((member) => member.signature === signature);
  for (const [id, list] of deal(taking, counts)) units.set(id, [...list].sort(compareUnits));
  return { units, signature };
}

/**
 * A running group is not stopped by a newcomer with another plan: whoever owns most goes on, then whoever is in the
 * majority. What was owned in an earlier generation does not count: it is a zombie's claim.
 */
function ruling(members: readonly Member[]): string {
  const latest = Math.max(...members.map(({ generation }) => generation));
  const votes = new Map<string, { owned: number; members: number }>();
  for (const { signature, owned, generation } of members) {
    const vote = votes.get(signature) ?? { owned: 0, members: 0 };
    votes.set(signature, { owned: vote.owned + (generation === latest ? owned.length : 0), members: vote.members + 1 });
  }
  const order = [...votes].sort(([a, x], [b, y]) => y.owned - x.owned || y.members - x.members || compareText(a, b));
  return order[0]?.[0] ?? '';
}

/** Units that nobody has been given yet, by key, with what members say of them. */
interface Deal {
  readonly members: readonly Member[];
  readonly free: Map<string, Unit>;
  readonly given: Map<string, Unit[]>;
  readonly owners: ReadonlyMap<string, string>;
  /** Never empty lists. */
  readonly holders: ReadonlyMap<string, readonly string[]>;
}

function deal(members: readonly Member[], counts: readonly number[]): ReadonlyMap<string, Unit[]> {
  const free = new Map(allUnits(counts).map((unit) => [keyOf(unit), unit]));
  const sorted = [...members].sort((a, b) => compareText(a.id, b.id));
  const given = new Map<string, Unit[]>(sorted.map(({ id }) => [id, []]));
  const state: Deal = { members: sorted, free, given, owners: ownersOf(sorted, free), holders: holdersOf(sorted, free) };
  if (members.length === 0) return given;
  if (members.some(({ pinned }) => pinned)) giveToHolders(state);
  giveEvenly(state);
  return given;
}

/** Whom each unit was with last. */
function ownersOf(members: readonly Member[], units: ReadonlyMap<string, Unit>): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { id, owned } of [...members].sort((a, b) => b.generation - a.generation)) {
    for (const key of owned.map(keyOf)) if (units.has(key) && !owners.has(key)) owners.set(key, id);
  }
  return owners;
}

function holdersOf(members: readonly Member[], units: ReadonlyMap<string, Unit>): Map<string, string[]> {
  const holders = new Map<string, string[]>();
  for (const { id, held } of members) {
    for (const key of new Set(held.map(keyOf))) if (units.has(key)) holders.set(key, [...(holders.get(key) ?? []), id]);
  }
  return holders;
}

/** Each unit that somebody holds to the one who had it last, else to the holder with the fewest. */
function giveToHolders({ free, given, owners, holders }: Deal): void {
  for (const [key, list] of holders) {
    const owner = owners.get(key);
    const holder = owner !== undefined && list.includes(owner) ? owner : fewest(list, (id) => given.get(id)!.length);
    given.get(holder)!.push(free.get(key)!);
    free.delete(key);
  }
}

/** The units that are left: to whom they were with, then to who holds them, and so that all come to the same number. */
function giveEvenly(state: Deal): void {
  const { members, free, given, holders } = state;
  const claims = claimed(state);
  const load = (id: string): number => given.get(id)!.length + claims.get(id)!.length;
  const least = Math.floor(sum(members.map(({ id }) => given.get(id)!.length), free.size) / members.length);
  // A unit that has to move anyway had better go to one that has its state.
  const poor = new Set(members.map(({ id }) => id).filter((id) => load(id) < least));
  const wanted = (unit: Unit): boolean => holders.get(keyOf(unit))?.some((id) => poor.has(id)) ?? false;
  const settled = new Map(members.map(({ id }) => [id, claims.get(id)!.filter((unit) => !wanted(unit)).length]));
  // Members that have most keep the odd ones, so that evening out moves as little as possible.
  const order = members.map(({ id }) => id).sort((a, b) => load(b) - load(a) || settled.get(b)! - settled.get(a)! || compareText(a, b));
  const room = shares(order, (id) => given.get(id)!.length, free.size);
  const give = (id: string, unit: Unit): void => {
    given.get(id)!.push(unit);
    room.set(id, room.get(id)! - 1);
    free.delete(keyOf(unit));
  };
  for (const id of order) for (const unit of ranked(id, claims.get(id)!, wanted, state).slice(0, room.get(id))) give(id, unit);
  const most = (ids: readonly string[]): string => fewest(ids, (id) => -room.get(id)!);
  for (const [key, unit] of [...free]) {
    const able = (holders.get(key) ?? []).filter((id) => room.get(id)! > 0);
    if (able.length > 0) give(most(able), unit);
  }
  for (const unit of [...free.values()]) give(most(order), unit);
}

/** What each member may keep or have back, each unit with one member only; those with the fewest holders choose first. */
function claimed({ members, free, given, owners, holders }: Deal): Map<string, Unit[]> {
  const claims = new Map<string, Unit[]>(members.map(({ id }) => [id, []]));
  for (const [key, unit] of free) claims.get(owners.get(key) ?? '')?.push(unit);
  const left = [...holders].filter(([key]) => free.has(key) && !owners.has(key)).sort(([, a], [, b]) => a.length - b.length);
  for (const [key, list] of left) claims.get(fewest(list, (id) => given.get(id)!.length + claims.get(id)!.length))!.push(free.get(key)!);
  return claims;
}

/** A member's claims, what it should rather keep first: its work with its state, its work, state of before, and what a poor one holds. */
function ranked(id: string, claims: readonly Unit[], wanted: (unit: Unit) => boolean, { owners, holders }: Deal): Unit[] {
  const rank = (unit: Unit): number => {
    const key = keyOf(unit);
    if (owners.get(key) !== id) return 2;
    if (wanted(unit)) return 3;
    return holders.get(key)?.includes(id) ? 0 : 1;
  };
  return [...claims].sort((a, b) => rank(a) - rank(b) || compareUnits(a, b));
}

/** How many of `count` units each takes so that all come to the same number with what they have; the odd ones to the first. */
function shares(ids: readonly string[], has: (id: string) => number, count: number): Map<string, number> {
  const taken = new Map(ids.map((id) => [id, 0]));
  for (let left = count; left > 0; left--) {
    const id = fewest(ids, (each) => has(each) + taken.get(each)!);
    taken.set(id, taken.get(id)! + 1);
  }
  return taken;
}

/** The first of those with the smallest number. */
function fewest(ids: readonly string[], count: (id: string) => number): string {
  return ids.reduce((best, next) => (count(next) < count(best) ? next : best));
}

function sum(numbers: readonly number[], start: number): number {
  return numbers.reduce((total, number) => total + number, start);
}

/** The units that partitions belong to, by the rule and not by the topics that one knows of: another may have heard of a new topic first. */
export function unitsOf(partitions: readonly TopicPartition[], sets: readonly TopicSet[]): Unit[] {
  const units = new Map<string, Unit>();
  for (const { topic, partition } of partitions) {
    const unit = { group: ownerOf(topic, sets), partition };
    if (unit.group >= 0) units.set(keyOf(unit), unit);
  }
  return [...units.values()];
}

function allUnits(counts: readonly number[]): Unit[] {
  return counts.flatMap((count, group) => Array.from({ length: count }, (_, partition) => ({ group, partition })));
}

function keyOf({ group, partition }: Unit): string {
  return `${group}/${partition}`;
}

function compareUnits(a: Unit, b: Unit): number {
  return a.group - b.group || a.partition - b.partition;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
