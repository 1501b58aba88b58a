import { jsonCodec } from './json.ts';
import { textCodec } from './text.ts';

/** JSON without a schema. */
export const plainJson = jsonCodec();

/** The codecs that no option describes. */
export const plainCodecs = { json: plainJson, text: textCodec } as const;
