/** A shape of the OpenAPI document taken strictly: nothing undocumented may stand beside what it names. */
import { z } from 'zod';

export function exact(shape: z.ZodType): z.ZodType {
  return z.fromJSONSchema(close(z.toJSONSchema(shape)) as Parameters<typeof z.fromJSONSchema>[0]);
}

function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const closed = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, close(value)]));
  if (closed['type'] === 'object' && closed['properties'] && closed['additionalProperties'] === undefined)
    closed['additionalProperties'] = false;
  return closed;
}
