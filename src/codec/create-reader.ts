import type { Codec, Part, PlainCodec } from '../../actors/codec.ts';
import type { ReaderCodecConfig } from '../../actors/codec-options.ts';
import type { Path } from '../../actors/component.ts';
import { FramedReader } from './framed-reader.ts';
import type { ReadAs } from './framed-reader.ts';
import type { SchemaFormat } from './format.ts';
import { jsonCodec } from './json.ts';
import { plainCodecs } from './plain.ts';
import { rawCodec } from './raw.ts';
import type { CodecServices } from './services.ts';

type Config<T extends ReaderCodecConfig['type']> = Extract<ReaderCodecConfig, { readonly type: T }>;

/** The codec that an option of a source describes. Its mistakes are reported below `at`; what comes back then is never used. */
export function createReader(config: ReaderCodecConfig, at: Path, part: Part, services: CodecServices): Codec {
  switch (config.type) {
    case 'text':
      return plainCodecs.text;
    case 'raw':
      return rawCodec;
    case 'json':
      return jsonReader(config, at, part, services);
    default:
      throw new Error(`${config.type}: not there yet`);
  }
}

function jsonReader({ schema }: Config<'json'>, at: Path, _: Part, services: CodecServices): PlainCodec {
  return jsonCodec(schema === undefined ? null : services.validator(schema, [...at, 'schema']));
}

export type { FramedReader, ReadAs, SchemaFormat };
