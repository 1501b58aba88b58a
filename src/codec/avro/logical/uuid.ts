import type { Logical, Underlying } from './logical.ts';

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const expected = 'a uuid';
const family = 'uuid';

/** In a string: read as it is, written only where it is a UUID (RFC 9562). */
const inString: Logical = {
  name: 'uuid',
  family,
  expected,
  counts: false,
  read: (value) => value,
  write: (value) => (typeof value === 'string' && pattern.test(value) ? value : undefined)
};

/** In 16 bytes, in the order of the text. */
const inFixed: Logical = {
  name: 'uuid',
  family,
  expected,
  counts: false,
  read: (value: Underlying) => {
    const { buffer, byteOffset, byteLength } = value as Uint8Array;
    const hex = Buffer.from(buffer, byteOffset, byteLength).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
  write: (value) => (typeof value === 'string' && pattern.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : undefined)
};

/** A UUID as text. */
export function uuid(kind: string, size: number): Logical | null {
  if (kind === 'string') return inString;
  return kind === 'fixed' && size === 16 ? inFixed : null;
}
