import type { Codec } from '../../actors/codec.ts';
import type { Path } from '../../actors/component.ts';
import { asFailure, Failure } from '../../actors/failure.ts';
import type { Declared } from './declare.ts';
import type { SourceFile } from './document.ts';
import type { Problem } from './model.ts';

/** Asks the schema registry about one codec of a file. Never rejects: that it does not answer is a problem too. */
export type OnlineCheck = () => Promise<Problem[]>;

/** What a schema registry can be asked about the nodes of a file: whether what is written would be taken, and what is written now can be read. */
export function onlineChecks(file: SourceFile, nodes: readonly Declared[]): OnlineCheck[] {
  return nodes.flatMap(({ kind, at, built }) => {
    if (built === null || kind === 'transform') return [];
    const { logic } = built;
    if ('reads' in logic) return checks(file, at, logic.codec, logic.keyCodec, logic.reads.topics);
    if ('output' in logic) return checks(file, at, logic.codec, logic.keyCodec, logic.topic === null ? [] : [logic.topic]);
    return 'codec' in logic && logic.from === 'topic' ? checks(file, at, logic.codec, null, [logic.topic]) : [];
  });
}

function checks(file: SourceFile, at: Path, value: Codec | null, key: Codec | null, topics: readonly string[]): OnlineCheck[] {
  const pairs = [['codec', value], ['key_codec', key]] as const;
  return pairs.flatMap(([option, codec]) => (codec?.check === undefined ? [] : topics.map((topic) => () => ask(file, [...at, option], codec, topic))));
}

/** Milliseconds for one answer, tries included. */
const deadline = 10_000;

async function ask(file: SourceFile, at: Path, codec: Codec, topic: string): Promise<Problem[]> {
  const place = file.place(at);
  try {
    return (await within(codec.check?.(topic) ?? Promise.resolve([]))).map((message) => ({ ...place, code: 'registry', message }));
  } catch (error) {
    const { message, remedy } = asFailure(error, 'task_crashed');
    return [{ ...place, code: 'registry', message, hint: remedy }];
  }
}

async function within(answer: Promise<readonly string[]>): Promise<readonly string[]> {
  const late = Promise.withResolvers<readonly string[]>();
  const timer = setTimeout(() => { late.reject(new Failure('registry_unavailable', `The schema registry has not answered within ${deadline / 1000} s.`)); }, deadline);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
