import { asFailure } from '../../actors/failure.ts';
import type { Path } from '../../actors/component.ts';
import { readProtobuf } from './protobuf/source.ts';
import type { SchemaText } from './registry/schema-text.ts';
import type { CodecServices } from './services.ts';

/** Gives what `make` makes of a schema in a file; null, and a problem at `at`, where it cannot be used. */
export function readSchema<T>(file: string, at: Path, what: string, services: CodecServices, make: (text: SchemaText) => T, load?: () => SchemaText): T | null {
  try {
    return make(load === undefined ? { text: services.read(file), references: [] } : load());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : asFailure(error, 'schema_unusable').message;
    services.problem(at, 'bad_schema', `cannot use the ${what} ${file}: ${reason}`, 'the path is relative to the topology file');
    return null;
  }
}

/** The schema in a .proto file or a descriptor set, with what it imports. */
export function protobufText(file: string, { message, imports }: { readonly message?: string | undefined; readonly imports?: readonly string[] | undefined }, services: CodecServices): SchemaText {
  const path = services.path(file);
  const text = readProtobuf({ path, imports: (imports ?? []).map((folder) => services.path(folder)), message: message ?? null });
  services.names(path, JSON.stringify(text));
  return text;
}
