/*
 * A file as it was written: names are texts, features are as they stand there. It comes from the text of a .proto file (parse.ts) or from a
 * descriptor (descriptor.ts), and is linked to types by link.ts.
 */

/** Syntax or edition of a file. */
export type Edition = 'proto2' | 'proto3' | '2023' | '2024';

/** The features of editions that change what bytes mean, as far as something sets them. */
export type Features = Readonly<Partial<Record<'field_presence' | 'repeated_field_encoding' | 'message_encoding', string>>>;

/** One file. */
export interface FileTree {
  readonly name: string;
  readonly edition: Edition;
  /** Empty where there is none. */
  readonly package: string;
  readonly imports: readonly string[];
  readonly features: Features;
  readonly messages: readonly MessageTree[];
  readonly enums: readonly EnumTree[];
  readonly extensions: readonly FieldTree[];
}

/** One message; entries of maps and groups are messages nested in it, at the place of their field. */
export interface MessageTree {
  readonly name: string;
  readonly features: Features;
  readonly fields: readonly FieldTree[];
  readonly oneofs: readonly string[];
  /** Features of each oneof, which its fields inherit. */
  readonly oneofFeatures: readonly Features[];
  readonly messages: readonly MessageTree[];
  readonly enums: readonly EnumTree[];
  readonly extensions: readonly FieldTree[];
  readonly mapEntry: boolean;
  readonly messageSet: boolean;
}

/** One field or extension. */
export interface FieldTree {
  readonly name: string;
  readonly number: number;
  readonly label: 'optional' | 'required' | 'repeated';
  /** A scalar type, or a name that is looked up from where the field is. */
  readonly type: string;
  readonly group: boolean;
  /** proto3's optional. */
  readonly explicit: boolean;
  readonly packed: boolean | null;
  readonly jsonName: string | null;
  readonly features: Features;
  /** Index in its message's oneofs. */
  readonly oneof: number | null;
  /** The message it extends. */
  readonly extendee: string | null;
}

/** One enum: names and numbers in order. */
export interface EnumTree {
  readonly name: string;
  readonly values: readonly (readonly [name: string, number: number])[];
}
