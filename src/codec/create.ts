import type { Codec, CodecConfig, Validator } from '../../actors/component.ts';
import { jsonCodec } from './json.ts';
import { rawCodec } from './raw.ts';
import { textCodec } from './text.ts';

/** The codec a topology names; `validator` is that of its schema, where it has one. */
export function createCodec(type: CodecConfig['type'], validator: Validator | null): Codec {
  switch (type) {
    case 'json':
      return jsonCodec(validator);
    case 'text':
      return textCodec;
    case 'raw':
      return rawCodec;
  }
}
