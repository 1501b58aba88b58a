import type { Broker, FetchedRecord } from '../../actors/port.ts';
import type { Plan } from '../topology/model.ts';
import type { Names } from './names.ts';
import { readValue } from './transcode.ts';

/** A record that came out. */
export interface FoundRecord extends FetchedRecord {
  readonly topic: string;
  readonly partition: number;
}

/** Reads what comes out, each record once. */
export class Outputs {
  readonly #broker: Broker;
  readonly #names: Names;
  readonly #internal: ReadonlySet<string>;
  readonly #positions = new Map<string, number>();

  constructor(broker: Broker, plan: Plan, names: Names) {
    this.#broker = broker;
    this.#names = names;
    this.#internal = new Set(plan.internalTopics.map(({ topic }) => topic));
  }

  /** What came out since the last call, by topic; in the order of each partition, one partition behind the other. */
  async take(): Promise<Map<string, FoundRecord[]>> {
    const topics = (await this.#broker.listTopics()).filter((topic) => !this.#internal.has(topic) && !this.#names.reads(topic)).sort();
    const infos = await this.#broker.describeTopics(topics);
    const found = new Map<string, FoundRecord[]>();
    for (const topic of topics) {
      const records: FoundRecord[] = [];
      for (let partition = 0; partition < (infos.get(topic)?.partitions ?? 0); partition += 1) records.push(...(await this.#read(topic, partition)));
      if (records.length > 0) found.set(topic, records);
    }
    return found;
  }

  /** What a codec with a schema wrote, as JSON. */
  async #readable(topic: string, { value, headers }: FetchedRecord): Promise<Uint8Array | null> {
    const codec = this.#names.written.get(topic);
    return codec === undefined || value === null ? value : readValue(codec, value, headers);
  }

  async #read(topic: string, partition: number): Promise<FoundRecord[]> {
    const at = { topic, partition };
    const place = `${partition}/${topic}`;
    const records: FoundRecord[] = [];
    const end = (await this.#broker.listOffsets([at], 'end'))[0] as number;
    for await (const batch of this.#broker.readRange(at, this.#positions.get(place) ?? 0, end, 'committed')) {
      for (const record of batch.records) records.push({ ...record, value: await this.#readable(topic, record), topic, partition });
    }
    this.#positions.set(place, end);
    return records;
  }
}
