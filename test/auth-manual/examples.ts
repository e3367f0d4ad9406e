/**
 * What the manual of OpenSER's `auth` documents, one entry each: an example line of ours, and what the test of that name sees
 * happen. The tests run with these lines and, where GATEHOUSE_SEEDS says where the manual lies, with its own.
 *
 * The tests: parameters.test.ts, functions.test.ts; auth_db: ../auth-db.test.ts. Nothing may be left out: each of the two
 * compares what it has tested with what the module announces.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

export interface Example {
  readonly example: string;
  /** What is to be seen. */
  readonly shows: string;
}

export const PARAMETERS: Readonly<Record<string, Example>> = {
  secret: {
    example: 'modparam("auth", "secret", "known to both our servers")',
    shows: 'nonces are signed with it, and servers that share it take each other’s',
  },
  nonce_expire: {
    example: 'modparam("auth", "nonce_expire", 45) # seconds',
    shows: 'until then a nonce is good; after that the next challenge says stale=true',
  },
  rpid_prefix: {
    example: `modparam("auth", "rpid_prefix", '"Front desk" <')`,
    shows: 'stands before the value in Remote-Party-ID',
  },
  rpid_suffix: {
    example: 'modparam("auth", "rpid_suffix", "@192.0.2.4>;party=calling")',
    shows: 'stands behind the value in Remote-Party-ID',
  },
  realm_prefix: {
    example: 'modparam("auth", "realm_prefix", "phones.")',
    shows: 'is taken off a realm that is found out from the request, and off no other',
  },
  rpid_avp: {
    example: 'modparam("auth", "rpid_avp", "$avp(s:caller)")',
    shows: 'the value comes from this AVP and no other',
  },
  username_spec: {
    example: 'modparam("auth", "username_spec", "$avp(s:who)")',
    shows: 'only who is named there gets in',
  },
  password_spec: {
    example: 'modparam("auth", "password_spec", "$var(word)")',
    shows: 'only with the password there does one get in',
  },
  calculate_ha1: {
    example: 'modparam("auth", "calculate_ha1", 1)',
    shows: '1: the variable holds a clear password; 0: HA1',
  },
};

export const FUNCTIONS: Readonly<Record<string, Example>> = {
  www_challenge: {
    example: 'if (!www_authorize("hotel.example", "subscriber")) {\n  www_challenge("hotel.example", "1");\n};',
    shows: '401 with a challenge for this realm, answered once with the right password',
  },
  proxy_challenge: {
    example: 'if (!proxy_authorize("", "subscriber")) {\n  proxy_challenge("", "1"); # the domain of From\n};',
    shows: '407 with a challenge for the domain of From',
  },
  consume_credentials: {
    example: 'if (www_authorize("", "subscriber")) {\n  consume_credentials();\n};',
    shows: 'the next hop sees the credentials of others, and not those that were checked here',
  },
  is_rpid_user_e164: {
    example: 'if (is_rpid_user_e164()) {\n  # a number\n};',
    shows: 'true for + and up to 15 digits, and for nothing else',
  },
  append_rpid_hf: {
    example: 'append_rpid_hf();',
    shows: 'the next hop gets Remote-Party-ID, in request, branch and failure routes',
  },
  'append_rpid_hf(prefix, suffix)': {
    example: 'append_rpid_hf("<", ">;screen=yes");',
    shows: 'its own prefix and suffix, and not those of the parameters',
  },
  pv_www_authorize: {
    example:
      '$var(username)="abc";\n$avp(s:password)="xyz";\nif (!pv_www_authorize("hotel.example")) {\n  www_challenge("hotel.example", "1");\n};',
    shows: 'the user and password that the script names; results 1 and -1 to -5',
  },
  pv_proxy_authorize: {
    example:
      '$var(username)="abc";\n$avp(s:password)="xyz";\nif (!pv_proxy_authorize("")) {\n  proxy_challenge("", "1");\n};',
    shows: 'the same for Proxy-Authorization and the domain of From',
  },
};

const MANUAL = join(process.env.GATEHOUSE_SEEDS ?? '/nowhere', 'seeds', 'openser-auth.txt');

/** The manual's own examples by the name of their parameter or function, as printed; undefined: it is not at hand. */
export function printedExamples(): ReadonlyMap<string, string> | undefined {
  if (!existsSync(MANUAL)) return undefined;
  const text = readFileSync(MANUAL, 'utf8');
  const found = new Map<string, string>();
  for (const [, name, lines] of text.matchAll(/^ {3}Example 1-\d+\. (\S+) .*\n((?:(?! {5}_).*\n)+)/gm)) {
    found.set(name!.replace(/\(prefix,$/, '(prefix, suffix)'), lines!.replace(/^\.\.\.\n/gm, ''));
  }
  return found;
}

/** As meant: a quote that was lost, and the `!` without which those who got in are challenged. */
export function corrected(printed: string): string {
  const closed = printed.replaceAll('"subscriber)', '"subscriber")');
  return closed.includes('_challenge(') ? closed.replace(/if \((?!!)/, 'if (!') : closed;
}

const printed = printedExamples();

/** Tests what the name of the list means, with our example and with the manual's. */
export function testExample(
  list: Readonly<Record<string, Example>>,
  name: string,
  check: (t: TestContext, example: string) => Promise<void>,
): void {
  const { example, shows } = list[name]!;
  test(`${name}: ${shows}`, (t) => check(t, example));
  const theirs = printed?.get(name);
  if (theirs !== undefined) test(`${name}, the manual's own example: ${shows}`, (t) => check(t, corrected(theirs)));
}

/** The value of a modparam line. */
export function valueIn(example: string): string {
  return (
    /^modparam\("auth", "\w+", (?:"([^"]*)"|'([^']*)'|(\d+))\)/
      .exec(example)
      ?.slice(1)
      .find((v) => v !== undefined) ?? ''
  );
}
