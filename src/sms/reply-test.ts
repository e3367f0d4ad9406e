/**
 * Whether a gateway took the message: the RETURN_ tests of HttpSMSProvider. Of those that are configured only the first counts, in the order
 * of RETURN_TESTS. Patterns search anywhere, prefixes count from the first character, in their case.
 *
 * A pattern runs over at most 4 kB and 100 ms: it comes from an administrator, the text from a gateway. Errors: SMS_CONFIG.
 */
import { runInNewContext } from 'node:vm';
import { badConfig } from './config.ts';

export const RETURN_TESTS = ['RETURN_SUCCESS_REGEX', 'RETURN_FAIL_REGEX', 'RETURN_SUCCESS', 'RETURN_FAIL'] as const;

export type ReplyTests = { readonly [Test in (typeof RETURN_TESTS)[number]]?: string | undefined };

const LOOKED_AT = 4096;
const LONGEST_MS = 100;

/** Undefined: none is configured. */
export function compileReplyTest(tests: ReplyTests): ((reply: string) => boolean) | undefined {
  const name = RETURN_TESTS.find((one) => tests[one] !== undefined);
  if (name === undefined) return undefined;
  const wanted = tests[name]!;
  const meansSent = name.startsWith('RETURN_SUCCESS');
  if (!name.endsWith('_REGEX')) return (reply) => reply.startsWith(wanted) === meansSent;
  const pattern = compilePattern(name, wanted);
  return (reply) => matches(pattern, reply.slice(0, LOOKED_AT)) === meansSent;
}

function compilePattern(key: string, source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (error) {
    throw badConfig(
      key,
      `the pattern cannot be read: ${(error as Error).message}`,
      'for example: "(result:0|success)"',
    );
  }
}

/** Undefined, and so neither, when it takes too long. */
function matches(pattern: RegExp, text: string): boolean | undefined {
  try {
    return runInNewContext('pattern.test(text)', { pattern, text }, { timeout: LONGEST_MS }) as boolean;
  } catch {
    return undefined;
  }
}
