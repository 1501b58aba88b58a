import { aggregateFunctions } from '../../actors/window/aggregate/functions.ts';

/** The chapter on windows and aggregates of the reference. */
export function windows(): string {
  const rows = aggregateFunctions.map(({ signature, description }) => `| \`${signature}\` | ${description} |`);
  return `${chapter.trim()}\n\n## Aggregates\n\n${aggregates.trim()}\n\n| Function | Gives |\n| --- | --- |\n${rows.join('\n')}`;
}

const chapter = `
## Windows

A window node gives the same results whatever the order and speed in which its topics are read, and wherever checkpoints and crashes fall: they depend on the records that were
in time, and on nothing else.

- **Time** is the record's event time: see \`event_time\`, \`watermark\` and \`max_future\` of the source. A record without one fails with \`event_time_missing\`.
- **Late.** A record counts for a window while the window's end and \`grace\` lie ahead of the watermark; where it counts for none it is late, and goes where \`late\` says. The watermark
  is that of the record's own source partition, so that a partition that is read slower loses nothing. After an idle time it is that of the task, where that is higher.
- **tumbling**, **hopping**: \`[start, start + size)\`: the end is not part of the window.
- **sliding**: for each time t of a record of a key the window \`[t - size, t]\`, and \`[t + 1, t + 1 + size]\` where that has a record. Both ends are part of it. Other than Kafka Streams, which begins no window
  before 1970, a window may begin there.
- **session**: from its first record to its last, both part of it. It takes what lies at most \`gap\` away, and two of them become one when a record joins them. It is over when the watermark is twice the gap and \`grace\`
  behind its last record: until then a record may come that is in time (a gap and \`grace\` after it) and lengthens it. Kafka Streams closes it one gap earlier, and so depends on the order.
- **Results** have \`<key>-<start>\` as their key, unless the sink's \`key\` says otherwise, \`{ key, …, window: { start, end } }\` as their value, and the highest timestamp of the records in the window as timestamp, as a map keeps a record's: retention deletes the results of old events no sooner than those events. Nodes behind it go by the highest event time. Without \`window\` the record's key is the
  group key, and there is no \`window\` in the value. Group keys are text; one that is not UTF-8 is base64 in the value, and as it was in the record's key.
- **update** sends a window once per checkpoint in which it changed. Where a session takes another start, a tombstone deletes the result that it replaces.
- **final** sends each window once. At most 10,000 windows are over per checkpoint; where there are more, the next checkpoint follows at once.
- **complete** costs as much as the whole state at each checkpoint, which comes on the interval alone then.
- **Another key** than the record's own brings records of one group together over a repartition topic. Partial results cross it, once per checkpoint and group; a \`reduce\` without \`merge\` sends every value. What crosses after its windows are over, because its partition
  was idle and awoke, goes where \`late\` says as a result of its own.
- **State** depends on the key, the window and the aggregates; \`emit\`, \`grace\`, \`late\` and the order of the aggregates may change over it.
`;

const aggregates = `
A null is ignored by all but \`count()\`. What a function cannot take (a text for \`sum\`, an infinite number, bytes) fails the record, at this node, before it counts for anything. Arguments are expressions: \`sum(value.price * value.count)\`.
Compute with results in a map behind the window.
`;
