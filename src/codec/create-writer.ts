import type { Codec, Part } from '../../actors/codec.ts';
import type { WriterCodecConfig } from '../../actors/codec-options.ts';
import type { Path } from '../../actors/component.ts';
import { plainCodecs } from './plain.ts';
import { rawCodec } from './raw.ts';
import type { CodecServices } from './services.ts';

/** The codec that an option of a sink describes. Its mistakes are reported below `at`; what comes back then is never used. */
export function createWriter(config: WriterCodecConfig, _at: Path, _part: Part, _services: CodecServices): Codec {
  switch (config.type) {
    case 'text':
      return plainCodecs.text;
    case 'raw':
      return rawCodec;
    case 'json':
      return plainCodecs.json;
    default:
      throw new Error(`${config.type}: not there yet`);
  }
}
