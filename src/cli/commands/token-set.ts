/** `gatehouse token set SERIAL` */
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  pin?: string;
  phone?: string;
  description?: string;
  maxFail?: string;
  window?: string;
}

export async function run(context: Context, serial: string, options: Options): Promise<0> {
  const { pin, phone, description, maxFail, window } = options;
  const change = {
    ...(pin === undefined ? {} : { pin }),
    ...(phone === undefined ? {} : { phone }),
    ...(description === undefined ? {} : { description }),
    ...(maxFail === undefined ? {} : { maxFailCount: wholeNumber('--max-fail', maxFail, 1, 1_000_000) }),
    ...(window === undefined ? {} : { countWindow: wholeNumber('--window', window, 1, 1_000) }),
  };
  if (Object.keys(change).length === 0)
    throw new GatehouseError('COMMAND_LINE', 'there is nothing to change', { hint: 'see gatehouse token set --help' });
  await withAdministration(context, (administration) => administration.setToken({ serial }, change));
  answer(context, { serial }, () => `changed ${serial}`);
  return EXIT.ok;
}
