import type { Logical } from './logical.ts';

const parts = ['months', 'days', 'millis'] as const;

/** Months, days and milliseconds, none of which says how long the others are: { months, days, millis }, each an integer of 32 bits without sign. */
export const duration: Logical = {
  name: 'duration',
  family: 'duration',
  expected: 'a duration, { months, days, millis }',
  counts: false,
  read(value) {
    const { buffer, byteOffset } = value as Uint8Array;
    const view = new DataView(buffer, byteOffset, 12);
    return { months: view.getUint32(0, true), days: view.getUint32(4, true), millis: view.getUint32(8, true) };
  },
  write(value) {
    if (typeof value !== 'object' || value === null) return undefined;
    const bytes = new Uint8Array(12);
    const view = new DataView(bytes.buffer);
    for (const [index, part] of parts.entries()) {
      const count: unknown = (value as Record<string, unknown>)[part];
      if (typeof count !== 'number' || count !== count >>> 0) return undefined;
      view.setUint32(4 * index, count, true);
    }
    return bytes;
  }
};
