import { Failure } from '../../../actors/failure.ts';
import type { Peer } from '../../../actors/peer.ts';
import type { ReaderSettings, TopicPartition } from '../../../actors/port.ts';
import { assign, type Unit, unitsOf } from '../assigner.ts';
import type { ApiAnswer } from './api.ts';
import { Backoff } from './backoff.ts';
import { type Asking, errorType, failureOf, protocolError } from './failures.ts';
import { assignerName, decodeAssignment, decodeMember, encodeAssignment, encodeMember } from './group-wire.ts';
import type { Nodes } from './nodes.ts';
import { right } from './rights.ts';
import { Signal } from './signal.ts';
import type { Topics } from './topics.ts';
import { longestSilence, Unanswered } from './unanswered.ts';

/** The member's identity at the coordinator, which a commit has to name. */
export interface Membership {
  readonly memberId: string;
  readonly generationId: number;
}

/** What a member is, beside what it reads. */
export interface MemberSettings extends ReaderSettings {
  /** How other daemons reach this one, asked for at each joining. */
  peer(): Peer | null;
}

/** Whom a member tells. */
export interface MemberEvents {
  /** The whole new assignment, at once after the coordinator gave it. */
  assigned(membership: Membership, partitions: readonly TopicPartition[]): void;
  /** The group cannot be reached (a failure), or can again (null). */
  trouble(failure: Failure | null): void;
  /** Joining will never work. */
  failed(failure: Failure): void;
}

const memberIdRequired = 79;
const rejoinTypes = new Set(['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'MEMBER_ID_REQUIRED']);
const longestHeartbeat = 1_000;
const leaveTimeout = 2_000;
const patience = 5;

/**
 * A member of a consumer group by the classic protocol (JoinGroup, SyncGroup, Heartbeat), in the place of kafkajs' consumer,
 * which sends heartbeats only between batches and stops all partitions while it rejoins. Here the heartbeat has a timer of its own, and
 * nothing that reads is touched until the next assignment is there.
 */
export class GroupMember {
  private readonly nodes: Nodes;
  private readonly others: Nodes;
  private readonly topics: Topics;
  private readonly settings: MemberSettings;
  private readonly events: MemberEvents;
  private readonly wake = new Signal();
  private readonly backoff = new Backoff();
  /** Of heartbeats alone: the answers to joins take their time. */
  private readonly watch: Unanswered;
  private memberId = '';
  private generationId = -1;
  private owned: readonly Unit[] = [];
  private stopped = false;
  private leaving: Promise<void> | null = null;

  /** `nodes` carries the group's requests alone, because a broker answers one request of a connection at a time and a JoinGroup can take long; `others` carries the leaving. */
  constructor(nodes: Nodes, others: Nodes, topics: Topics, settings: MemberSettings, events: MemberEvents) {
    this.nodes = nodes;
    this.others = others;
    this.topics = topics;
    this.settings = settings;
    this.events = events;
    this.watch = new Unanswered(longestSilence, {
      heard: () => nodes.heard(nodes.coordinatorId(settings.group), 'others'),
      silent: (since) => {
        if (!this.stopped) events.trouble(nodes.silent(nodes.coordinatorId(settings.group), 'Heartbeat', since));
      }
    });
  }

  start(): void {
    void this.run();
  }

  /** Leaves the group, in whatever state; at most two seconds. */
  stop(): Promise<void> {
    this.stopped = true;
    this.wake.wake();
    return (this.leaving ??= this.leave());
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      try {
        await this.topics.ensure();
        await this.join();
        await this.stay();
      } catch (error) {
        if (!this.stopped) await this.recover(error);
      }
    }
  }

  private async join(): Promise<void> {
    const { group, sessionTimeout } = this.settings;
    const coordinator = await this.nodes.coordinator(group);
    const joined = await this.nodes.ask(coordinator, 'JoinGroup', {
      groupId: group,
      sessionTimeout,
      rebalanceTimeout: sessionTimeout,
      memberId: this.memberId,
      protocolType: 'consumer',
      groupProtocols: [{ name: assignerName, metadata: this.metadata() }]
    });
    // KIP-394: the first join only hands out an id, so that a lost answer leaves no ghost member behind.
    if (joined.errorCode === memberIdRequired) this.memberId = joined.memberId;
    check(joined.errorCode);
    if (this.isStopped()) return;
    this.memberId = joined.memberId;
    const answer = await this.nodes.ask(coordinator, 'SyncGroup', {
      groupId: group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupAssignment: joined.leaderId === joined.memberId ? this.plan(joined) : []
    });
    check(answer.errorCode);
    if (this.isStopped()) return;
    this.accept(joined.generationId, answer.memberAssignment);
  }

  private accept(generationId: number, bytes: Buffer | null): void {
    const { partitions, refusedBy } = decodeAssignment(bytes);
    const { group, signature } = this.settings;
    if (refusedBy !== null) {
      throw new Failure('plan_mismatch', `Group "${group}" runs the plan ${refusedBy}, this member has ${signature}`);
    }
    this.generationId = generationId;
    this.owned = unitsOf(partitions, this.settings.topicSets);
    this.backoff.reset();
    this.events.trouble(null);
    this.events.assigned({ memberId: this.memberId, generationId }, partitions);
  }

  /** Heartbeats until it is time to join again. */
  private async stay(): Promise<void> {
    const { group, sessionTimeout } = this.settings;
    const interval = Math.min(sessionTimeout / 3, longestHeartbeat);
    const { shape } = this.topics;
    while (!this.stopped) {
      await this.wake.wait(interval);
      if (this.isStopped()) return;
      try {
        if (this.topics.age > this.settings.discovery) await this.topics.ensure();
        if (this.topics.shape !== shape) return;
        await this.heartbeat();
        this.backoff.reset();
        this.events.trouble(null);
      } catch (error) {
        if (rejoinTypes.has(errorType(error) ?? '') || failureOf(error, '').kind === 'fatal') throw error;
        // The coordinator moved or is away: the membership may well outlive that, so nothing is given up yet.
        await this.waitOut(error, failureOf(error, `Heartbeat of group "${group}"`, this.asking()));
      }
    }
  }

  private async heartbeat(): Promise<void> {
    const { group } = this.settings;
    const coordinator = await this.nodes.coordinator(group);
    this.watch.asked();
    const asked = this.nodes.ask(coordinator, 'Heartbeat', { groupId: group, groupGenerationId: this.generationId, memberId: this.memberId });
    check((await asked.finally(() => { this.watch.ended(); })).errorCode);
  }

  private async recover(error: unknown): Promise<void> {
    const type = errorType(error);
    if (type !== undefined && rejoinTypes.has(type)) {
      if (type === 'UNKNOWN_MEMBER_ID' || type === 'FENCED_INSTANCE_ID') this.memberId = '';
      // REBALANCE_IN_PROGRESS is daily business; a member that is thrown out again and again should not spin.
      if (type === 'UNKNOWN_MEMBER_ID') await this.wake.wait(50);
      return;
    }
    const failure = failureOf(error, `Joining group "${this.settings.group}"`, this.asking());
    if (failure.kind !== 'fatal') return this.waitOut(error, failure);
    this.stopped = true;
    this.events.failed(failure);
  }

  private asking(): Asking {
    return this.nodes.asking(right('Read', 'group', this.settings.group), right('Read', 'topic', ...this.topics.dealt.flat()));
  }

  private async waitOut(error: unknown, failure: Failure): Promise<void> {
    this.nodes.forgetCoordinator(this.settings.group);
    // A coordinator that is only just being made or moved answers so for a moment; that is no trouble yet.
    const away = errorType(error) === undefined || this.backoff.count >= patience;
    if (away && !this.stopped) this.events.trouble(failure);
    await this.wake.wait(this.backoff.next());
  }

  /** `stopped` may change during any await, which the compiler does not see. */
  private isStopped(): boolean {
    return this.stopped;
  }

  private metadata(): Buffer {
    const { signature, topicSets, held, pinned = false } = this.settings;
    const units = unitsOf(held?.() ?? [], topicSets);
    return encodeMember(this.topics.dealt.flat(), { signature, generation: this.generationId, owned: this.owned, held: units, pinned, peer: this.settings.peer() });
  }

  /** The leader's work: what each member of the joined group is to read. */
  private plan({ members }: ApiAnswer<'JoinGroup'>): { memberId: string; memberAssignment: Buffer }[] {
    const known = members.map(({ memberId, memberMetadata }) => ({ id: memberId, ...decodeMember(memberMetadata) }));
    const counts = this.topics.dealt.map((topics) => Math.max(0, ...topics.map((topic) => this.topics.count(topic))));
    const mine = assign(known, counts);
    return known.map(({ id, signature }) => ({
      memberId: id,
      memberAssignment: encodeAssignment(this.partitionsOf(mine.units.get(id) ?? []), signature === mine.signature ? null : mine.signature)
    }));
  }

  private partitionsOf(units: readonly Unit[]): TopicPartition[] {
    return units.flatMap(({ group, partition }) =>
      (this.topics.dealt[group] ?? []).filter((topic) => partition < this.topics.count(topic)).map((topic) => ({ topic, partition }))
    );
  }

  private async leave(): Promise<void> {
    if (this.memberId === '') return;
    const { group } = this.settings;
    const leave = async (): Promise<void> => {
      const coordinator = await this.others.coordinator(group);
      await this.others.ask(coordinator, 'LeaveGroup', { groupId: group, memberId: this.memberId });
    };
    const timer = new Signal();
    // A broker that is away learns of it by the session timeout.
    await Promise.race([leave().catch(() => undefined), timer.wait(leaveTimeout)]);
    timer.wake();
  }
}

function check(errorCode: number): void {
  if (errorCode !== 0) throw protocolError(errorCode);
}
