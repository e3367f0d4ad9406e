/**
 * The parameters of a resolver, read by a schema. LinOTP's come as texts over HTTP: numbers, switches and maps are read from these as well
 * as from JSON.
 *
 * Errors: RESOLVER_CONFIG with the parameter, what is wrong with it and an example.
 */
import * as z from 'zod';
import { GatehouseError } from '../../platform/errors.ts';
import type { ResolverConfig } from './types.ts';

export function requiredText(most = 1000) {
  return z.string().trim().min(1).max(most);
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
