import { Failure } from '../../../actors/failure.ts';
import { dealTopics } from '../../../actors/topic-set.ts';
import type { InternalTopic, Plan } from '../../topology/model.ts';
import { wantedPartitions } from '../internal-counts.ts';
import { topicsOf } from '../topology-topics.ts';
import type { BrokerView, TopicRow } from './model.ts';

/** The topics that a start finds or makes, upstream ones first, since a count follows from those before it; and those left over. */
export function topicRows(plan: Plan, { topics }: BrokerView, attempt: (check: () => void) => void): TopicRow[] {
  const counts = new Map(topics);
  const rows = [...topicsOf(plan)].map(([topic, use]) => namedRow(topic, use, plan, counts));
  const missing = rows.filter(({ fate }) => fate === 'missing');
  if (missing.length > 0) {
    attempt(() => { throw new Failure('topic_missing', `${missing.length === 1 ? 'A topic does' : 'Topics do'} not exist: ${missing.map(({ topic, use }) => `${topic} (${use})`).join(', ')}.`); });
  }
  // What is missing is counted as its maker would, so that what follows from it can be told.
  for (const internal of plan.internalTopics) rows.push(internalRow(internal, plan, counts, attempt));
  const known = new Set(rows.map(({ topic }) => topic));
  const read = new Set(dealTopics(plan.subTopologies.map(({ reads }) => reads), topics.keys()).flat());
  for (const [topic, partitions] of topics) {
    if (known.has(topic)) continue;
    if (read.has(topic)) rows.push({ topic, use: 'meets a pattern', fate: 'there', partitions });
    else rows.push({ topic, use: 'of a node that is gone', fate: 'orphaned', partitions });
  }
  return rows;
}

function namedRow(topic: string, use: string, { broker }: Plan, counts: Map<string, number>): TopicRow {
  const there = counts.get(topic);
  if (there !== undefined) return { topic, use, fate: 'there', partitions: there };
  if (broker.type !== 'embedded') return { topic, use, fate: 'missing', partitions: 0 };
  counts.set(topic, broker.partitions);
  return { topic, use, fate: 'made', partitions: broker.partitions };
}

function internalRow(internal: InternalTopic, plan: Plan, counts: Map<string, number>, attempt: (check: () => void) => void): TopicRow {
  const { topic, kind, node } = internal;
  const wanted = wantedPartitions(internal, plan, counts);
  const there = counts.get(topic);
  const use = `${kind} of ${node}`;
  if (there === undefined) {
    counts.set(topic, wanted);
    return { topic, use, fate: 'made', partitions: wanted };
  }
  if (kind === 'repartition' || there === wanted) return { topic, use, fate: 'there', partitions: there };
  attempt(() => { throw new Failure('internal_topic', `${topic} has ${there} partitions, and ${node} has ${wanted} tasks.`); });
  return { topic, use, fate: 'misfit', partitions: there };
}
