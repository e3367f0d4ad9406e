/** `gatehouse user number remove LOGIN ALIAS` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, login: string, alias: string): Promise<0> {
  await withAdministration(context, (administration) => administration.removeNumber(login, alias));
  answer(context, { login, alias }, () => `removed ${alias} of ${login}`);
  return EXIT.ok;
}
