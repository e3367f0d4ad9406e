/** What an import gives, whichever file it came from. */
import type * as z from 'zod';
import { allowedText, nodeAt, optionTree } from '../../../platform/config/schema.ts';
import type { Problem } from '../../../platform/problems.ts';
import type { AccountInput, ModemInput } from './book.ts';
import { isName } from './settings.ts';

export interface Imported {
  readonly accounts: Record<string, AccountInput>;
  readonly modems: Record<string, ModemInput>;
  readonly problems: Problem[];
}

export type Doubt = (message: string, cure?: string) => void;

/** As near to the name as our names go; numbered where it is taken. */
export function importedName(name: string, taken: Readonly<Record<string, unknown>>): string {
  const cleaned =
    name
      .replaceAll(/[^A-Za-z0-9_. +@-]/g, '_')
      .replace(/^[^A-Za-z0-9_]+/, '')
      .slice(0, 45) || 'imported';
  const base = isName(cleaned) ? cleaned : `${cleaned}_`;
  let free = base;
  for (let n = 2; Object.hasOwn(taken, free); n++) free = `${base} ${n}`;
  return free;
}

/** Only what the schema takes; of the rest is said what was wrong, without repeating a secret. */
export function keepSettings(
  schema: z.ZodObject,
  settings: Readonly<Record<string, unknown>>,
  doubt: Doubt,
): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(settings)) {
    if ((schema.shape[key] as z.ZodType).safeParse(value).success) kept[key] = value;
    else doubt(`\`${key}\` was left out: it must be ${allowedText(nodeAt(optionTree(schema), [key]))}`);
  }
  return kept;
}
