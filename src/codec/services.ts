import type { Path, Validator } from '../../actors/component.ts';
import type { Registry } from './registry/registry.ts';

/** What codecs are made with: the files beside the topology, its registry, and where mistakes go. */
export interface CodecServices {
  readonly registry: Registry | null;
  /** A file beside the topology, as an absolute path. */
  path(file: string): string;
  /** The text of a file; it is taken note of, so that a change of it is seen. Throws what `readFileSync` does. */
  read(file: string): string;
  /** Takes note of a file that was read otherwise. */
  names(file: string, content: string): void;
  /** Compiles the JSON Schema in a file; a mistake is reported there and then. */
  validator(file: string, at: Path): Validator;
  problem(at: Path, code: string, message: string, hint?: string): void;
}
