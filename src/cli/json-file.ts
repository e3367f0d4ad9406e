/** A JSON object in a file named on the command line. Errors: FILE_UNREADABLE, JSON_INVALID. */
import { GatehouseError } from '../platform/errors.ts';
import type { Io } from './io.ts';
import { readText } from './read-text.ts';

export async function readJsonObject(io: Io, file: string): Promise<Record<string, unknown>> {
  const text = await readText(io, file, 'utf8');
  const where = file === '-' ? 'standard input' : file;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    const hint = text.includes("'")
      ? 'JSON wants double quotes: "name": "value"'
      : 'names and texts stand in double quotes, and no comma before } or ]';
    throw new GatehouseError('JSON_INVALID', `this is not JSON: ${(cause as Error).message}`, { where, hint });
  }
  throw new GatehouseError('JSON_INVALID', 'a JSON object is expected', {
    where,
    hint: 'write { "name": "value", … }',
  });
}
