import { z } from 'zod';
import { problemAnswer } from './answers.ts';
import type { Route } from './routes.ts';

/** The OpenAPI 3.1 document of the routes, as JSON. */
export function openApi(routes: readonly Route[], version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  return {
    openapi: '3.1.0',
    info: { title: 'Millrace', version, description: 'What a daemon is doing, and how it is steered. Data and changes need the token wherever one is set.' },
    paths,
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } }, schemas: { Problem: schemaOf(problemAnswer) } }
  };
}

function operation({ method, path, access, summary, query = {}, body, answers, streams, problems }: Route): unknown {
  const statuses = [...new Set([400, ...(access === 'open' ? [] : [401]), 403, 421, 429, 500, ...problems])].toSorted((a, b) => a - b);
  const failed = statuses.map((status): [string, unknown] => [String(status), { description: 'Refused, and why (RFC 9457).', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } }]);
  const content = answers === undefined ? { [streams ?? 'application/json']: {} } : { 'application/json': { schema: schemaOf(answers) } };
  return {
    operationId: `${method.toLowerCase()}${path.replace(/^\/v1/, '').replace(/[^a-zA-Z]+(\w?)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    parameters: [
      ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...Object.entries(query).map(([name, { summary: description, default: fallback, most }]) => ({ name, in: 'query', required: false, description, schema: { type: 'integer', minimum: 1, maximum: most, default: fallback } }))
    ],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: { 200: { description: summary, content }, ...Object.fromEntries(failed) },
    security: access === 'open' ? [] : [{ token: [] }, {}]
  };
}

function schemaOf(schema: z.ZodType): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema);
  return rest;
}
