/**
 * The parameters of a resolver, read by a schema. LinOTP's come as texts over HTTP: numbers, switches and maps are read from these as well
 * as from JSON.
 *
 * Errors: RESOLVER_CONFIG with the parameter, what is wrong with it and an example.
 */
import * as z from 'zod';
import { GatehouseError } from '../../platform/errors.ts';
import type { ResolverConfig } from './types.ts';

/** Trimmed, and absent where it is empty: forms send every field. */
export function optionalText(most = 1000) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() === '' ? undefined : value),
    z.string().trim().max(most).optional(),
  );
}

export function requiredText(most = 1000) {
  return z.string().trim().min(1).max(most);
}

export function numberText(least: number, most: number, usual: number) {
  return z.preprocess(
    (value) => (typeof value === 'string' ? (value.trim() === '' ? undefined : Number(value)) : value),
    z.int().min(least).max(most).default(usual),
  );
}

/** `True`, `true`, `1`, `on`; LinOTP's forms write `on` or nothing. */
export function switchText(usual: boolean) {
  return z.preprocess((value) => {
    if (typeof value !== 'string') return value;
    const text = value.trim().toLowerCase();
    if (text === '') return undefined;
    return /^(true|1|on|yes)$/.test(text) ? true : /^(false|0|off|no)$/.test(text) ? false : value;
  }, z.boolean().default(usual));
}

/** A JSON object of texts, or the text of one. Members that are empty are left out. */
export function mapText() {
  return z.preprocess(
    (value) => {
      if (typeof value !== 'string') return value;
      try {
        return JSON.parse(value.trim().replace(/^'(.*)'$/s, '$1'));
      } catch {
        return value;
      }
    },
    z
      .record(z.string().min(1).max(64), z.string().max(255).nullable())
      .refine((map) => Object.keys(map).length <= 64, 'has more than 64 members')
      .transform((map) =>
        Object.fromEntries(Object.entries(map).filter((member): member is [string, string] => Boolean(member[1]))),
      ),
  );
}

export function readResolverConfig<T>(
  schema: z.ZodType<T>,
  config: ResolverConfig,
  examples: Readonly<Record<string, string>>,
): T {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const { path, message, code } = parsed.error.issues[0]!;
  const [name] = path;
  const unknown = code === 'unrecognized_keys';
  const known = `the parameters are: ${Object.keys(examples).join(', ')}`;
  const example = typeof name === 'string' ? examples[name] : undefined;
  throw new GatehouseError('RESOLVER_CONFIG', message.charAt(0).toLowerCase() + message.slice(1), {
    ...(name === undefined ? {} : { where: path.map(String).join('.') }),
    hint: unknown || example === undefined ? known : `for example ${String(name)}=${example}`,
  });
}
