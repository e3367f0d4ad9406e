/** Which options differ between two configurations of one schema, and whether a running server can change them. */
import { isDeepStrictEqual } from 'node:util';
import type * as z from 'zod';
import { type OptionNode, optionTree } from './schema.ts';

export interface OptionChange {
  readonly path: readonly string[];
  readonly live: boolean;
}

export function changedOptions(schema: z.ZodType, before: unknown, after: unknown): OptionChange[] {
  return [...walk(optionTree(schema), [], before, after)];
}

function* walk(node: OptionNode, path: string[], before: unknown, after: unknown): Generator<OptionChange> {
  if (isDeepStrictEqual(before, after)) return;
  if (!node.properties) {
    yield { path, live: node.live === true };
    return;
  }
  for (const [name, child] of Object.entries(node.properties)) {
    yield* walk(child, [...path, name], memberOf(before, name), memberOf(after, name));
  }
}

function memberOf(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | undefined)?.[name];
}
