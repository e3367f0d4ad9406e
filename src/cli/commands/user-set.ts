/** `gatehouse user set LOGIN` */
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, login: string, options: { email?: string; mobile?: string }): Promise<0> {
  const { email, mobile } = options;
  if (email === undefined && mobile === undefined) {
    throw new GatehouseError('COMMAND_LINE', 'there is nothing to change', { hint: 'give --email, --mobile or both' });
  }
  await withAdministration(context, async (administration) => {
    if (email !== undefined) await administration.setEmail(login, email);
    if (mobile !== undefined) await administration.setMobile(login, mobile);
  });
  answer(context, { login }, () => `changed ${login}`);
  return EXIT.ok;
}
