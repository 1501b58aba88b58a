import type { Path } from '../../actors/component.ts';
import { failureCodes } from '../../actors/failure.ts';
import { nearest } from '../topology/suggest.ts';
import type { ExpectedOutput, ExpectedRecord, Expectation } from './case.ts';
import type { ExpectText, OutputText } from './format.ts';
import type { CaseContext } from './read-cases.ts';
import { readTime } from './read-input.ts';

/** What is expected, resolved; reports what is wrong with it. */
export function readExpectation(context: CaseContext, written: ExpectText, at: Path): Expectation {
  const { nothing, some = false, latest = false, failed = null, state = {}, node_counts: counts = {}, ...named } = written;
  const { file, names } = context;
  const outputs = Object.entries(named as Readonly<Record<string, readonly OutputText[]>>);
  if (Object.keys(written).length === 0) file.report(at, 'missing_option', 'expected what is expected, found nothing', 'nothing: true says that nothing came out');
  if (nothing === true && (some || outputs.length > 0)) file.report([...at, 'nothing'], 'bad_value', 'expected nothing: true to be alone, found outputs beside it');
  if (failed !== null && !Object.hasOwn(failureCodes, failed)) file.report([...at, 'failed'], 'bad_value', `expected a failure code, found ${failed}`, hint(failed, Object.keys(failureCodes)));
  for (const name of Object.keys(state)) {
    if (!names.keyed.has(name)) file.report([...at, 'state', name], 'unknown_node', `there is no node ${name} with state`, hint(name, [...names.keyed]), { key: true });
  }
  for (const name of Object.keys(counts)) {
    if (!names.nodes.has(name)) file.report([...at, 'node_counts', name], 'unknown_node', `there is no node ${name}`, hint(name, [...names.nodes]), { key: true });
  }
  return { some, latest, failed, state, counts, outputs: outputs.map(([name, records]) => readOutput(context, name, records, [...at, name])) };
}

function readOutput(context: CaseContext, name: string, records: readonly OutputText[], at: Path): ExpectedOutput {
  const { file, names } = context;
  const topics = names.outputs.get(name) ?? null;
  const dynamic = names.dynamic.size > 0;
  if (topics === null && names.dynamic.has(name)) file.report(at, 'bad_name', `the topic of the sink ${name} is an expression`, 'name the topic here, as it comes out', { key: true });
  else if (topics === null && !dynamic) file.report(at, 'unknown_node', `nothing is written to ${name}: expected a sink, a topic, late or dead_letters`, hint(name, [...names.outputs.keys(), 'state', 'node_counts', 'failed']), { key: true });
  return { name, topics: topics ?? [name], place: file.place(at), places: records.map((_, i) => file.place([...at, i])), records: records.map((record, i) => readRecord(context, record, [...at, i])) };
}

function readRecord(context: CaseContext, { timestamp, ...record }: OutputText, at: Path): ExpectedRecord {
  const said = [record.value, record.has, record.text, record.base64].filter((each) => each !== undefined).length;
  if (said > 1) context.file.report(at, 'bad_value', `expected one of value, has, text and base64, found ${said}`);
  return timestamp === undefined ? record : { ...record, timestamp: readTime(context, timestamp, [...at, 'timestamp']) };
}

function hint(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
}
