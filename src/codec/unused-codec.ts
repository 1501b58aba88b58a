import type { Codec, Part } from '../../actors/codec.ts';
import type { Path } from '../../actors/component.ts';
import { rawCodec } from './raw.ts';
import type { CodecServices } from './services.ts';

/** Stands in for a codec with mistakes; what is built with it never runs. */
export const unusedCodec: Codec = rawCodec;

/** Codecs that are no use for keys. */
const valuesOnly: ReadonlySet<string> = new Set(['cloudevents', 'debezium']);

/** Whether a type of codec may stand where it does; where not, that is reported. */
export function fits(type: string, at: Path, part: Part, services: CodecServices): boolean {
  if (part === 'value' || !valuesOnly.has(type)) return true;
  services.problem(at, 'bad_value', `expected another codec, found ${type}: that is a form of values`, 'keys are json, avro, protobuf, csv, text or raw');
  return false;
}
