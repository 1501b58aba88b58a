/*
 * Who reads what: sticky and co-partitioned, so that the two sides of a join stay together and a member that comes or
 * goes moves no more than it must. Pure functions, for every broker.
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
  for (const [id, list] of deal(taking, counts)) units.set(id, list.sort(compareUnits));
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

function deal(members: readonly Member[], counts: readonly number[]): Map<string, Unit[]> {
  const dealt = new Map<string, Unit[]>();
  if (members.length === 0) return dealt;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const least = Math.floor(total / members.length);
  let spare = total % members.length;
  const claims = claimed(members, counts);
  const free = new Map(allUnits(counts).map((unit) => [keyOf(unit), unit]));
  // Members that have most keep the odd ones, so that evening out moves as little as possible.
  const order = [...members].sort((a, b) => claims.get(b.id)!.length - claims.get(a.id)!.length || compareText(a.id, b.id));
  const room: { id: string; left: number }[] = [];
  for (const { id } of order) {
    const quota = least + (spare-- > 0 ? 1 : 0);
    const kept = claims.get(id)!.slice(0, quota);
    for (const unit of kept) free.delete(keyOf(unit));
    dealt.set(id, kept);
    room.push({ id, left: quota - kept.length });
  }
  for (const unit of free.values()) {
    const most = room.reduce((best, next) => (next.left > best.left ? next : best));
    most.left--;
    dealt.get(most.id)!.push(unit);
  }
  return dealt;
}

/** What each member may keep: units that exist, each with one member only. */
function claimed(members: readonly Member[], counts: readonly number[]): Map<string, Unit[]> {
  const claims = new Map<string, Unit[]>(members.map(({ id }) => [id, []]));
  const taken = new Set<string>();
  const latestFirst = [...members].sort((a, b) => b.generation - a.generation || compareText(a.id, b.id));
  for (const { id, owned } of latestFirst) {
    for (const unit of [...owned].sort(compareUnits)) {
      const key = keyOf(unit);
      if (taken.has(key) || unit.partition < 0 || unit.partition >= (counts[unit.group] ?? 0)) continue;
      taken.add(key);
      claims.get(id)!.push(unit);
    }
  }
  return claims;
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
