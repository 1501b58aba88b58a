/** The chapter on joins of the reference. */
export const joinsText = `
## Joins

A join of two streams gives the same results whatever the order and speed in which they are read, and wherever checkpoints and crashes fall: each pair once, and each record without a partner once.

- **Pairs.** A left and a right record are a pair if they have the same key and \`right - left\`, in event time, lies in \`[-before, after]\`, both ends included. A record may be in many pairs; each goes out as soon as both of its records are there.
- **Late.** A record takes partners until the watermark is \`grace\` past the last time at which one may lie: \`after\` past a left record, \`before\` past a right one. A record is late for a partner of which that is true, by the watermark of its own source partition (or, after an idle
  time, that of the task); one that is late for every partner it could have goes where \`late\` says.
- **Without a partner.** \`left\`, \`right\` and \`outer\` send what found none once the watermark of both sides is past that time: not earlier, since a partner might come, and not twice, since none can come later. Kafka Streams may send such a record at once and match it afterwards.
  While one side is idle the other goes on alone; with \`idle: never\` it waits.
- **Nothing to match.** A record whose key is null has no partner: it comes out alone where \`kind\` keeps its side, else it is filtered. Tombstones are filtered.
- **Results** are \`{ key, left, right, time: { left, right } }\`, the sides under the names of \`as\`, with the key as key of the record, the later event time, the larger timestamp, and the headers of the left record, beside which the trace
  context of the right one is in \`millrace.right.traceparent\` and \`millrace.right.tracestate\`. What comes out alone has its own headers. Values are JSON: a record whose value is bytes fails with \`unencodable\`.
- **Another key** than the record's own brings a side over a repartition topic (\`<group>-<node>-left-repartition\`). What is read beside it has to be partitioned as Kafka's own producers do, by the key, and gives it its number of partitions.
- **State** holds each record until it takes no partner any more; \`millrace plan\` says for how long. It depends on the keys, \`kind\` and \`within\`; \`grace\`, \`late\` and \`as\` may change over it.

A join with a \`type: table\` node keeps the record as it is, key, headers and timestamp, and adds the row as the field \`into\`. What there is for the table at the start is read before the first look-up.

- **as_of: now** takes the row that is there when the record is worked on. **as_of: event_time** takes the version of the record's own event time, of a table with \`history\`: the record waits until the watermarks of its stream and of the table are past it, and what comes later is answered from what history still has.
- The time of the row is in the header \`millrace.right.timestamp\`, the trace context of its last update in \`millrace.right.traceparent\` and \`millrace.right.tracestate\`.
- A table node and those that look up in it take turns. One that reads, by another way, what comes of the same table is refused (\`cycle\`): make a second table node of the same input.

**dedupe** remembers the times of what it passed on, by key. A record that is older than the watermark of its source partition by more than \`within\` may repeat something that is forgotten: it is late. What counts depends on the order in which records come, the first of them, wherever
checkpoints and crashes fall. The watermark goes on unchanged, as through a filter. Its state depends on the key and \`within\`; \`late\` may change over it.
`;
