import { fromBinary, toBinary } from '@bufbuild/protobuf';
import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Failure } from '../../../actors/failure.ts';

/** The file of a FileDescriptorProto, protoc's binary form of it. Throws a `Failure`. */
export function fileOfDescriptor(bytes: Uint8Array): FileDescriptorProto {
  return read(FileDescriptorProtoSchema, bytes);
}

/** The files of a FileDescriptorSet (protoc --descriptor_set_out), each with bytes of its own. Throws a `Failure`. */
export function filesOfSet(bytes: Uint8Array): { file: FileDescriptorProto; bytes: Uint8Array }[] {
  return read(FileDescriptorSetSchema, bytes).file.map((file) => ({ file, bytes: toBinary(FileDescriptorProtoSchema, file) }));
}

function read<T extends DescMessage>(schema: T, bytes: Uint8Array): MessageShape<T> {
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw new Failure('schema_unusable', `expected a ${schema.name}, found bytes that are none: ${(error as Error).message.slice(0, 60)}`);
  }
}
