import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as z from 'zod';
import { changedOptions } from './changes.ts';

const schema = z.strictObject({
  level: z.enum(['info', 'debug']).default('info').describe('How much.').meta({ live: true }),
  listen: z.array(z.string()).optional(),
  deep: z
    .strictObject({ names: z.array(z.strictObject({ name: z.string() })).meta({ live: true }) })
    .prefault({ names: [] }),
});

test('options that differ are named, with what a running server can change', () => {
  const before = schema.parse({ listen: ['a'] });
  assert.deepEqual(changedOptions(schema, before, schema.parse({ listen: ['a'] })), []);
  assert.deepEqual(changedOptions(schema, before, schema.parse({ level: 'debug', deep: { names: [{ name: 'x' }] } })), [
    { path: ['level'], live: true },
    { path: ['listen'], live: false },
    { path: ['deep', 'names'], live: true },
  ]);
});
