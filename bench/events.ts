import type { OutgoingRecord } from '../actors/port.ts';
import { Partitioner } from '../actors/sink/partitioner.ts';

const types = ['view', 'view', 'click', 'purchase', 'error'];
const partitioner = new Partitioner();

/** Event number `n`: about 240 bytes; one in 200 is cut off, one in 200 lacks its user. */
export function event(topic: string, partitions: number, n: number, timestamp: number): OutgoingRecord {
  const user = `u-${(n * 7919) % 110_000}`;
  const key = Buffer.from(user);
  const id = `${n.toString(16).padStart(8, '0')}-dd2f-4d19-8e6f-819700000000`;
  const payload = (n * 2654435761).toString(16).padStart(16, '0').repeat(5);
  let text = JSON.stringify({
    event_id: id,
    ...(n % 200 === 7 ? {} : { user_id: user }),
    event_type: types[n % types.length],
    amount: (n % 100_000) / 100,
    severity: n % 10 === 0 ? 'high' : 'low',
    ts: timestamp,
    payload
  });
  if (n % 200 === 3) text = text.slice(0, 100);
  return { topic, partition: partitioner.partition(topic, key, partitions), key, value: Buffer.from(text), headers: [], timestamp };
}
