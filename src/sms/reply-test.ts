/**
 * Whether a gateway took the message: the RETURN_ tests of HttpSMSProvider. Of those that are configured only the first counts, in the order
 * of RETURN_TESTS. Patterns search anywhere, prefixes count from the first character, in their case.
 *
 * A pattern comes from an administrator and the text from a gateway, so that it may take for ever: it runs over at most 4 kB in a thread of its own,
 * which is ended when it does. Errors: SMS_CONFIG.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { badConfig } from './config.ts';

export const RETURN_TESTS = ['RETURN_SUCCESS_REGEX', 'RETURN_FAIL_REGEX', 'RETURN_SUCCESS', 'RETURN_FAIL'] as const;

export type ReplyTests = { readonly [Test in (typeof RETURN_TESTS)[number]]?: string | undefined };

const LOOKED_AT = 4096;
const LONGEST_MS = 3_000;
const MATCH = `
  const { parentPort, workerData: { pattern, text } } = require('node:worker_threads');
  parentPort.postMessage(pattern.test(text));
`;

/** Undefined: none is configured. */
export function compileReplyTest(tests: ReplyTests): ((reply: string) => Promise<boolean>) | undefined {
  const name = RETURN_TESTS.find((one) => tests[one] !== undefined);
  if (name === undefined) return undefined;
  const wanted = tests[name]!;
  const meansSent = name.startsWith('RETURN_SUCCESS');
  if (!name.endsWith('_REGEX')) return async (reply) => reply.startsWith(wanted) === meansSent;
  const pattern = compilePattern(name, wanted);
  return async (reply) => (await matches(pattern, reply.slice(0, LOOKED_AT))) === meansSent;
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

/** Undefined, and so neither success nor failure, when it takes too long. */
async function matches(pattern: RegExp, text: string): Promise<boolean | undefined> {
  const worker = new Worker(MATCH, { eval: true, workerData: { pattern, text } });
  try {
    const [found] = await once(worker, 'message', { signal: AbortSignal.timeout(LONGEST_MS) });
    return found as boolean;
  } catch {
    return undefined;
  } finally {
    await worker.terminate();
  }
}
