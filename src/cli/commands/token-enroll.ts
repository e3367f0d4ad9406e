/** `gatehouse token enroll [USER]` */

import type { HashName, TokenType } from '../../core/tokens/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  type: string;
  serial?: string;
  phone?: string;
  pin?: string;
  seed?: string;
  digits?: string;
  hash?: string;
  description?: string;
}

const TYPES = ['sms', 'hmac', 'totp'];
const HASHES = ['sha1', 'sha256', 'sha512'];

export async function run(context: Context, user: string | undefined, options: Options): Promise<0> {
  const { type, hash, digits, ...rest } = options;
  const request = {
    ...rest,
    type: oneOf('--type', type, TYPES) as TokenType,
    ...(user === undefined ? {} : { user }),
    ...(hash === undefined ? {} : { hash: oneOf('--hash', hash, HASHES) as HashName }),
    ...(digits === undefined ? {} : { otpLength: wholeNumber('--digits', digits, 6, 8) }),
  };
  const enrolled = await withAdministration(context, (administration) => administration.enrolToken(request));
  answer(context, { ...enrolled }, () => {
    const { serial, seed, uri, pin } = enrolled;
    const secrets = [
      ...(pin === undefined ? [] : [`PIN ${pin}`]),
      ...(seed === undefined ? [] : [`seed ${seed}`, uri]),
    ];
    return secrets.length === 0 ? serial : [serial, ...secrets, 'This is not shown again.'].join('\n');
  });
  return EXIT.ok;
}

function oneOf(option: string, value: string, values: readonly string[]): string {
  if (values.includes(value)) return value;
  throw new GatehouseError('COMMAND_LINE', `${option} is one of ${values.join(', ')}`, {
    hint: `e.g. ${option} ${values[0]}`,
  });
}
