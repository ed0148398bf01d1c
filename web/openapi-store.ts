/** Shapes of the store for the OpenAPI document. */
import { z } from 'zod';
import { count, time } from './openapi-schemas.ts';

const ttl = z
  .union([z.number(), z.string()])
  .nullable()
  .optional()
  .meta({ description: 'Seconds, or a duration; none keeps it for good', example: '10m' });

export const stored = z
  .object({
    key: z.string(),
    value: z.unknown().meta({ description: 'Any JSON, up to 64 KiB' }),
    version: count.meta({ description: 'For `If-Match`; a key that is deleted and set again has none twice' }),
    expiresAt: time.nullable().meta({ description: 'From then on it is not there; null for never' }),
    setAt: time,
  })
  .meta({ id: 'Stored' });

export const storePage = z.object({
  items: z.array(stored).meta({ description: 'A page ends early where its values come to 1 MiB' }),
  next: z.string().nullable(),
  total: count.meta({ description: 'Keys with the prefix' }),
  store: z
    .object({ keys: count, bytes: count, bytesMax: count })
    .meta({ description: 'How full it is, with what has expired and has not been cleared yet' }),
});
export const setCall = z.strictObject({ value: z.unknown(), ttl });
export const incrementCall = z.strictObject({
  by: z.int().optional().meta({ description: '1 when left out' }),
  ttl: ttl.meta({ description: 'Of a key that is made by it; one that is there keeps its own' }),
});
export const cleared = z.object({ keys: count, bytes: count }).meta({ description: 'What was let go of' });
