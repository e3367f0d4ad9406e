/**
 * Settings as they are given on a command line: `key=value`, each value in the form that its setting has.
 *
 * Lists of telephone numbers are written with colons (`1001:1002`), as KPPP does; other lists with blanks, a word with blanks in quotes.
 * Errors: DIAL_ACCOUNT_SETTING.
 */
import type * as z from 'zod';
import { allowedText, nodeAt, optionTree } from '../../../platform/config/schema.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { didYouMean } from '../../../platform/problems.ts';

const COLON_LISTS = new Set(['numbers', 'callback_from', 'dns']);

/** An empty value takes a setting back to its default: undefined. */
export function parseAssignments(schema: z.ZodObject, texts: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const text of texts) {
    const [, key = text, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const type = schema.shape[key] as z.ZodType | undefined;
    if (type === undefined)
      throw new GatehouseError('DIAL_ACCOUNT_SETTING', `there is no setting \`${key.slice(0, 60)}\``, {
        hint: didYouMean(key, Object.keys(schema.shape), `there are: ${Object.keys(schema.shape).join(', ')}`),
      });
    if (value === undefined) throw badValue(schema, key, 'no value follows');
    settings[key] = value === '' ? undefined : valueFor(schema, type, key, value);
  }
  return settings;
}

function valueFor(schema: z.ZodObject, type: z.ZodType, key: string, text: string): unknown {
  const list = COLON_LISTS.has(key) ? text.split(':').filter((one) => one !== '') : splitWords(text);
  for (const form of [text, Number(text), text === 'true' ? true : text === 'false' ? false : undefined, list]) {
    if (form !== undefined && type.safeParse(form).success) return form;
  }
  const secret = nodeAt(optionTree(schema), [key])?.secret === true;
  throw badValue(schema, key, secret ? 'it is something else' : `it is \`${text.slice(0, 60)}\``);
}

function badValue(schema: z.ZodObject, key: string, but: string): GatehouseError {
  const node = nodeAt(optionTree(schema), [key]);
  return new GatehouseError('DIAL_ACCOUNT_SETTING', `must be ${allowedText(node)}, but ${but}`, {
    where: key,
    ...(node?.description ? { hint: node.description } : {}),
  });
}

/** Words at blanks; "a b" and 'a b' are one; undefined: a quote without its end. */
export function splitWords(text: string): string[] | undefined {
  const words = [...text.matchAll(/(?:"([^"]*)"|'([^']*)'|([^\s"']+))(?=\s|$)/g)];
  const read = words.map(([whole]) => whole).join('');
  if (read.replaceAll(/\s/g, '') !== text.replaceAll(/\s/g, '')) return undefined;
  return words.map(([, double, single, bare]) => double ?? single ?? bare ?? '');
}
