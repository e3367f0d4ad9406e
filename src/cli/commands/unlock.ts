/** `gatehouse unlock LOGIN` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, login: string): Promise<0> {
  await withAdministration(context, (administration) => administration.unlockUser(login));
  answer(context, { login }, () => `${login} is unlocked`);
  return EXIT.ok;
}
