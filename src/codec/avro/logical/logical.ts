/** What bytes hold before a logical type says what it stands for: int and long; bytes and fixed; string. */
export type Underlying = number | bigint | Uint8Array | string;

/** A logical type with its parameters: an underlying value, and what it stands for. */
export interface Logical {
  /** As schemas name it. */
  readonly name: string;
  /** Two logical types with one family can be read as each other. */
  readonly family: string;
  /** What values are taken, for messages: "a date such as 2026-11-27". */
  readonly expected: string;
  /** Whether a plain number is taken for the underlying count. */
  readonly counts: boolean;
  /** What the underlying value stands for. Throws a `Refusal` where it stands for nothing. */
  read(value: Underlying): unknown;
  /** The underlying value; undefined where `value` is not of this type, or not exactly. */
  write(value: unknown): Underlying | undefined;
}
