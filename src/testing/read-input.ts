import type { Path } from '../../actors/component.ts';
import { isTopicName } from '../../actors/options.ts';
import { nearest } from '../topology/suggest.ts';
import type { PutRecord } from './case.ts';
import type { InputText } from './format.ts';
import type { SourceName } from './names.ts';
import type { CaseContext } from './read-cases.ts';
import { isText } from './transcode.ts';

/** A record that comes in, resolved; reports what is wrong with it. */
export function readInput(context: CaseContext, input: InputText, at: Path): PutRecord | null {
  const topic = topicOf(context, input, at);
  const bytes = valueOf(context, input, at);
  const { partition = null, key = null, headers = {}, timestamp } = input;
  if (partition !== null && partition >= context.partitions) {
    context.file.report([...at, 'partition'], 'bad_value', `expected a partition below ${context.partitions}, found ${partition}`, `the case says partitions: N; default 1`);
  }
  const time = timestamp === undefined ? null : readTime(context, timestamp, [...at, 'timestamp']);
  if (topic === null || bytes === undefined) return null;
  return {
    topic,
    partition,
    key: key === null ? null : Buffer.from(key),
    value: bytes instanceof Uint8Array ? bytes : null,
    written: bytes === null || bytes instanceof Uint8Array ? null : bytes,
    headers: Object.entries(headers).map(([name, text]) => [name, text === null ? null : Buffer.from(text)] as const),
    timestamp: time
  };
}

/** A time as milliseconds since 1970; reports one that counts from a `now` that is not there. */
export function readTime({ file, now }: CaseContext, time: { readonly at: number } | { readonly after: number }, at: Path): number {
  if ('at' in time) return time.at;
  if (now === null) file.report(at, 'missing_option', 'expected the option now in this case: this time counts from it', 'write for example now: 2026-11-01T00:00:00Z beside name');
  return (now ?? 0) + time.after;
}

function topicOf(context: CaseContext, { source, topic }: InputText, at: Path): string | null {
  const { file, names } = context;
  if (topic !== undefined) {
    if (source !== undefined) file.report([...at, 'topic'], 'bad_value', 'expected one of source and topic, found both');
    if (isTopicName(topic) && names.reads(topic)) return topic;
    const topics = [...names.sources.values()].flatMap((each) => each.topic ?? []);
    const near = nearest(topic, topics);
    file.report([...at, 'topic'], 'unknown_node', `no source reads the topic ${topic}`, near === null ? `read here: ${topics.join(', ')}` : `did you mean ${near}?`);
    return null;
  }
  const found = sourceOf(context, source, at);
  if (found === null) return null;
  if (found.topic === null) file.report([...at, ...(source === undefined ? [] : ['source'])], 'missing_option', 'expected the option topic: this source reads several', 'write topic instead of source');
  return found.topic;
}

function sourceOf({ file, names }: CaseContext, named: string | undefined, at: Path): SourceName | null {
  const all = [...names.sources.keys()];
  if (named === undefined && all.length !== 1) {
    file.report(at, 'missing_option', `expected the option source: there are ${all.length}`, `one of ${all.join(', ')}`);
    return null;
  }
  const found = names.sources.get(named ?? (all[0] as string)) ?? null;
  if (found === null) {
    const near = nearest(named ?? '', all);
    file.report([...at, 'source'], 'unknown_node', `there is no source ${named ?? ''}`, near === null ? `sources here: ${all.join(', ')}` : `did you mean ${near}?`);
  }
  return found;
}

/** The bytes of the value; undefined where that cannot be told. */
function valueOf({ file, names }: CaseContext, input: InputText, at: Path): Uint8Array | PutRecord['written'] | undefined {
  const { value, text, base64, topic, source } = input;
  const said = [value, text, base64].filter((each) => each !== undefined).length;
  if (said !== 1) {
    file.report(at, said === 0 ? 'missing_option' : 'bad_value', `expected one of value, text and base64, found ${said === 0 ? 'none' : said}`, 'value: null is a tombstone');
    return undefined;
  }
  if (text !== undefined) return Buffer.from(text);
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  if (value === null) return null;
  const sources = [...names.sources];
  const [, read] = sources.find(([name, each]) => (topic === undefined ? source === undefined || name === source : each.topic === topic)) ?? [];
  const { codec } = read ?? {};
  if (codec !== undefined && !isText(codec)) return { codec, value };
  return Buffer.from(typeof value === 'string' && codec?.id.startsWith('json') === false ? value : JSON.stringify(value));
}
