import type { z } from 'zod';
import type { Peer } from '../../../actors/peer.ts';
import type { ownAnswer, storeAnswer } from '../answers.ts';
import type { Allowance, PeerAnswer } from './ask.ts';
import type { Holder } from './holder.ts';

type Gathered = Pick<z.infer<typeof storeAnswer>, 'tasks' | 'more' | 'looked' | 'unanswered'>;
type Unanswered = Gathered['unanswered'][number];

/** What state under a key is gathered from. */
export interface GatherSettings {
  readonly self: Peer;
  readonly own: z.infer<typeof ownAnswer>;
  /** Tasks that this daemon was given. */
  readonly given: readonly string[];
  /** Rejects where the broker does not tell. */
  readonly others: Promise<readonly Holder[]>;
  readonly ask: (peer: Peer, allowance: Allowance) => Promise<PeerAnswer>;
}

/** Daemons that are asked at most. */
const mostAsked = 64;

/** Bytes that are read of all answers together. */
const mostBytes = 32 * 1024 * 1024;

/** Asks all daemons that have tasks, at once, and puts their answers together. Who cannot be asked or does not answer is named. Never rejects. */
export async function gather({ self, own, given, others, ask }: GatherSettings): Promise<Gathered> {
  const allowance = { bytes: mostBytes };
  let holders: readonly Holder[];
  let trouble: Unanswered[] = [];
  try {
    holders = (await others).filter(({ tasks }) => tasks.length > 0);
  } catch (error) {
    holders = [];
    trouble = [{ daemon: null, member: null, why: `who else has tasks is not known: ${error instanceof Error ? error.message : String(error)}` }];
  }
  const answers = await Promise.all(holders.map(async (holder, index) => ({ holder, answer: await askHolder(holder, index, (peer) => ask(peer, allowance)) })));
  return merge({ url: self.url, own, given }, answers, trouble);
}

function askHolder({ peer }: Holder, index: number, ask: (peer: Peer) => Promise<PeerAnswer>): Promise<PeerAnswer> | PeerAnswer {
  if (peer === null) return { why: 'it does not say how it is reached: it is older, or runs with --http off' };
  return index < mostAsked ? ask(peer) : { why: `not asked: it is one of more than ${mostAsked} daemons` };
}

function merge(here: { readonly url: string } & Pick<GatherSettings, 'own' | 'given'>, answers: readonly { readonly holder: Holder; readonly answer: PeerAnswer }[], trouble: readonly Unanswered[]): Gathered {
  const found = new Map<string, Gathered['tasks'][number]>();
  const looked = new Set<string>();
  const unanswered = [...trouble];
  let more = false;
  const take = (daemon: string, own: z.infer<typeof ownAnswer>): void => {
    more ||= own.more;
    for (const task of own.looked) looked.add(task);
    for (const task of own.tasks) {
      // A task that moves meanwhile may be open at both: the later epoch is the one that counts.
      if ((found.get(task.task)?.epoch ?? -2) < (task.epoch ?? -1)) found.set(task.task, { ...task, daemon });
    }
  };
  take(here.url, here.own);
  for (const { holder: { peer, member }, answer } of answers) {
    if ('own' in answer) take(peer?.url ?? '', answer.own);
    else unanswered.push({ daemon: peer?.url ?? null, member, why: answer.why });
  }
  const note = (daemon: string | null, member: string | null, given: readonly string[]): void => {
    const closed = given.filter((task) => !looked.has(task));
    if (closed.length > 0) unanswered.push({ daemon, member, why: `it has no state open of ${closed.slice(0, 5).join(', ')}${closed.length > 5 ? ` and ${closed.length - 5} more` : ''}: a task that starts or is restored` });
  };
  note(here.url, null, here.given);
  for (const { holder: { peer, member, tasks }, answer } of answers) if ('own' in answer) note(peer?.url ?? null, member, tasks);
  return { tasks: [...found.values()].toSorted((a, b) => (a.task < b.task ? -1 : 1)), more, looked: [...looked].toSorted(), unanswered };
}
