import { Failure } from '../../../actors/failure.ts';
import type { TopicPartition } from '../../../actors/port.ts';
import { dealTopics, hasPatterns } from '../../../actors/topic-set.ts';
import type { TopicSet } from '../../../actors/topic-set.ts';
import { assign, unitsOf } from '../assigner.ts';
import type { Unit } from '../assigner.ts';

/** A member as its group sees it. */
export interface GroupMember {
  readonly id: string;
  readonly signature: string;
  readonly topicSets: readonly TopicSet[];
  /** As in `ReaderSettings`. */
  held(): readonly TopicPartition[];
  readonly pinned: boolean;
  /** Names of all topics. */
  topics(): Iterable<string>;
  /** How many partitions a topic has; 0 where it does not exist. */
  partitionsOf(topic: string): number;
  /** Called synchronously with everything this member has from now on. */
  assign(generation: number, partitions: readonly TopicPartition[]): void;
}

interface Seat {
  readonly member: GroupMember;
  generation: number;
  owned: readonly Unit[];
}

/** The consumer groups of one store. Members come and go in this process only, so that nobody needs a heartbeat. */
export class Groups {
  readonly #groups = new Map<string, Group>();

  /** Throws `plan_mismatch`, naming both signatures, when the group runs something else. */
  join(name: string, member: GroupMember): void {
    const group = this.#groups.get(name) ?? new Group(name);
    group.join(member);
    this.#groups.set(name, group);
  }

  /** A topic has come to be: those who read by pattern may have to read it. */
  topicsChanged(): void {
    for (const group of this.#groups.values()) group.topicsChanged();
  }

  /** Ids of a group's members. */
  members(name: string): string[] {
    return this.#groups.get(name)?.members ?? [];
  }

  leave(name: string, id: string): void {
    const group = this.#groups.get(name);
    if (group === undefined) return;
    group.leave(id);
    if (group.empty) this.#groups.delete(name);
  }
}

class Group {
  readonly #name: string;
  readonly #seats = new Map<string, Seat>();
  #generation = 0;
  #scheduled = false;

  constructor(name: string) {
    this.#name = name;
  }

  get members(): string[] {
    return [...this.#seats.keys()];
  }

  get empty(): boolean {
    return this.#seats.size === 0;
  }

  join(member: GroupMember): void {
    for (const { member: present } of this.#seats.values()) {
      if (present.signature === member.signature) continue;
      throw new Failure('plan_mismatch', `Group ${this.#name} runs the plan ${present.signature}; this member has ${member.signature}.`);
    }
    this.#seats.set(member.id, { member, generation: 0, owned: [] });
    this.#rebalanceSoon();
  }

  topicsChanged(): void {
    if ([...this.#seats.values()].some(({ member }) => hasPatterns(member.topicSets))) this.#rebalanceSoon();
  }

  leave(id: string): void {
    if (this.#seats.delete(id)) this.#rebalanceSoon();
  }

  /** Several that come or go in one turn make one rebalance. Its own turn: no listener is called inside `start` or `stop`. */
  #rebalanceSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#rebalance();
    });
  }

  #rebalance(): void {
    const seats = [...this.#seats.values()];
    const first = seats[0];
    if (first === undefined) return;
    const generation = ++this.#generation;
    const dealt = dealTopics(first.member.topicSets, first.member.topics());
    const counts = dealt.map((topics) => Math.max(0, ...topics.map((topic) => first.member.partitionsOf(topic))));
    const members = seats.map(({ member, generation, owned }) => {
      const { id, signature, pinned, topicSets } = member;
      return { id, signature, generation, owned, held: unitsOf(member.held(), topicSets), pinned };
    });
    const { units } = assign(members, counts);
    for (const seat of seats) {
      seat.generation = generation;
      seat.owned = units.get(seat.member.id) ?? [];
    }
    // All have lost what they lose before anyone is told of a gain.
    for (const seat of seats) seat.member.assign(generation, seat.owned.flatMap((unit) => partitionsOf(unit, dealt, seat.member)));
  }
}

/** A topic with fewer partitions than the others of its topic group has no part in the units above. */
function partitionsOf({ group, partition }: Unit, dealt: readonly (readonly string[])[], member: GroupMember): TopicPartition[] {
  const topics = dealt[group] ?? [];
  return topics.filter((topic) => partition < member.partitionsOf(topic)).map((topic) => ({ topic, partition }));
}
