import type { z } from 'zod';
import type { watermarksAnswer } from '../admin/answers.ts';
import type { Holder } from '../admin/peers/holder.ts';

type Answer = z.infer<typeof watermarksAnswer>;

/**
 * An answer on watermarks that names who has the tasks upstream that are not on this daemon. `holders`, by task, is only called where there are such; where it gives null, because the group
 * cannot be asked, nobody is named.
 */
export async function withHolders(answer: Answer, holders: () => Promise<ReadonlyMap<string, Omit<Holder, 'tasks'>> | null>): Promise<Answer> {
  if (!answer.tasks.some(({ nodes }) => nodes.some(({ upstream }) => upstream.some(({ here }) => here === 'elsewhere')))) return answer;
  const known = await holders();
  if (known === null) return answer;
  return {
    ...answer,
    tasks: answer.tasks.map((task) => ({
      ...task,
      nodes: task.nodes.map((node) => ({ ...node, upstream: node.upstream.map((each) => (each.here === 'elsewhere' ? { ...each, daemon: known.get(each.task)?.peer?.url ?? null, member: known.get(each.task)?.member ?? null } : each)) }))
    }))
  };
}
