/** `gatehouse user number add LOGIN ALIAS NUMBER` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, login: string, alias: string, text: string): Promise<0> {
  const number = await withAdministration(context, (administration) => administration.addNumber(login, alias, text));
  answer(context, { login, alias, number }, () => `${login} can be called back at ${alias}, ${number}`);
  return EXIT.ok;
}
