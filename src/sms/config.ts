/**
 * Reading the configuration of a provider: one fault at a time, with its key, what is allowed and an example. Errors: SMS_CONFIG.
 */
import * as z from 'zod';
import type { SmsConfig } from '../core/sms/types.ts';
import { GatehouseError } from '../platform/errors.ts';

/** `example`: what a configuration of this class looks like, as JSON. */
export function readConfig<Schema extends z.ZodObject>(
  schema: Schema,
  config: SmsConfig,
  example: string,
): z.output<Schema> {
  const parsed = schema.safeParse(config);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    throw badConfig(issue.keys[0]!, 'there is no such key', `the keys are: ${Object.keys(schema.shape).join(', ')}`);
  }
  const key = issue?.path.join('.') ?? '';
  const missing = issue !== undefined && !(issue.path[0]! in config);
  throw badConfig(
    key,
    missing ? 'it is missing' : lowerFirst(issue?.message ?? 'it is wrong'),
    `for example: ${example}`,
  );
}

export function badConfig(key: string, why: string, hint: string): GatehouseError {
  return new GatehouseError('SMS_CONFIG', why, { where: key, hint });
}

/** Of connecting, and of all after it; in milliseconds. */
export interface Timeouts {
  readonly connect: number;
  readonly total: number;
}

const MOST_SECONDS = 300;

/** `5`, `"5"`, `"5,20"`, `"(5,20)"`, `[5, 20]`, in seconds; one number is for both. */
export const timeoutOption = z
  .union([z.number(), z.string(), z.array(z.number()).length(2)])
  .transform((value, context): Timeouts => {
    const texts =
      typeof value === 'string' ? value.replace(/^\s*\((.*)\)\s*$/, '$1').split(',') : [value].flat().map(String);
    const seconds = texts.map((text) => (text.trim() === '' ? Number.NaN : Number(text)));
    if (seconds.length > 2 || seconds.some((one) => !(one > 0 && one <= MOST_SECONDS))) {
      context.addIssue({
        code: 'custom',
        message: `write seconds up to ${MOST_SECONDS}: 5, or "5,20" for connecting and for the answer`,
      });
      return z.NEVER;
    }
    return { connect: 1000 * seconds[0]!, total: 1000 * seconds.at(-1)! };
  });

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
