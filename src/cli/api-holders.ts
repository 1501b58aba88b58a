import { setTimeout as wait } from 'node:timers/promises';
import type { Peer } from '../../actors/peer.ts';
import type { Broker, GroupMember } from '../../actors/port.ts';
import { Failure } from '../../actors/failure.ts';
import type { Holder } from '../admin/peers/holder.ts';
import { unitsOf } from '../runtime/units.ts';
import type { Plan } from '../topology/model.ts';

/** Milliseconds for which an answer of the broker is good. */
const freshness = 1000;

/** Milliseconds that are waited for an answer, and for a group that deals out its tasks. */
const patience = 2000;

/** A listing of a group's members, each with what it has. */
interface Known {
  readonly members: readonly GroupMember[];
  readonly at: number;
}

/** Who is in the groups of a daemon's topologies, asked of the broker at most once a second. */
export class GroupDirectory {
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<readonly GroupMember[]>>();

  /**
   * The other members of a plan's group, with their tasks of the sub-topology that has a node's store. Where the broker does not tell within two seconds, or the group is being dealt out,
   * it is as it was before; rejects with a `Failure` where that is not known.
   */
  async others(plan: Plan, node: string, broker: Broker, self: Peer | null): Promise<Holder[]> {
    // Its group is in this process.
    if (plan.broker.type === 'embedded') return [];
    const members = await this.#members(plan.group, broker);
    return members.filter(({ peer }) => peer === null || peer.id !== self?.id).map(({ id, peer, partitions }) => ({ member: id, peer, tasks: tasksOf(plan, node, partitions ?? []) }));
  }

  /** Which member has each task of a plan's group, by the tasks' names; waits and rejects as `others` does. Nothing on the embedded broker, where all are here. */
  async holders(plan: Plan, broker: Broker): Promise<ReadonlyMap<string, Omit<Holder, 'tasks'>>> {
    if (plan.broker.type === 'embedded') return new Map();
    const members = await this.#members(plan.group, broker);
    return new Map(members.flatMap(({ id, peer, partitions }) => unitsOf(plan, partitions ?? []).map(({ name }) => [name, { member: id, peer }])));
  }

  #members(group: string, broker: Broker): Promise<readonly GroupMember[]> {
    const known = this.#known.get(group);
    if (known !== undefined && Math.abs(Date.now() - known.at) < freshness) return Promise.resolve(known.members);
    // Those who ask at once share one question.
    const asking = this.#asking.get(group) ?? this.#look(group, broker).finally(() => this.#asking.delete(group));
    this.#asking.set(group, asking);
    return asking;
  }

  async #look(group: string, broker: Broker): Promise<readonly GroupMember[]> {
    const stop = new AbortController();
    try {
      const members = await Promise.race([dealt(group, broker, stop.signal), late(group, stop.signal)]);
      this.#known.set(group, { members, at: Date.now() });
      return members;
    } catch (error) {
      const known = this.#known.get(group);
      if (known === undefined) throw error;
      return known.members;
    } finally {
      stop.abort();
    }
  }
}

/** The members, once all have been given what they have. */
async function dealt(group: string, broker: Broker, signal: AbortSignal): Promise<readonly GroupMember[]> {
  for (;;) {
    const members = await broker.groupMembers(group);
    if (signal.aborted || members.every(({ partitions }) => partitions !== null)) return members;
    await wait(100, undefined, { ref: false });
  }
}

async function late(group: string, signal: AbortSignal): Promise<never> {
  await wait(patience, undefined, { signal, ref: false });
  throw new Failure('broker_unavailable', `The broker did not say within ${patience / 1000} s who has which tasks of group "${group}", or the group deals them out anew`);
}

/** The tasks of a node that partitions come to. */
function tasksOf(plan: Plan, node: string, partitions: NonNullable<GroupMember['partitions']>): string[] {
  return unitsOf(plan, partitions).filter(({ sub }) => sub.stores.includes(node)).map(({ name }) => name);
}
