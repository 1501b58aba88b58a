import * as z from 'zod';

/** Keys that a schema knows at a path; empty where it is not a map there. Wrappers and unions are looked through. */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const found = new Set<string>();
  for (const object of objectsAt(schema, path)) {
    for (const key of Object.keys(object.shape)) found.add(key);
  }
  return [...found];
}

function objectsAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodObject[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodUnion) return inner.options.flatMap((option) => objectsAt(option as z.ZodType, path));
  const [first, ...rest] = path;
  if (inner instanceof z.ZodObject) {
    if (first === undefined) return [inner];
    const child = inner.shape[String(first)] as z.ZodType | undefined;
    return child === undefined ? [] : objectsAt(child, rest);
  }
  if (first === undefined) return [];
  if (inner instanceof z.ZodRecord) return objectsAt(inner.valueType as z.ZodType, rest);
  if (inner instanceof z.ZodArray) return objectsAt(inner.element as z.ZodType, rest);
  return [];
}

/** The schema of what a file holds: without defaults, and before any transformation. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return unwrap(schema.def.innerType as z.ZodType);
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in as z.ZodType);
  return schema;
}
