/** `gatehouse lock LOGIN` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, login: string): Promise<0> {
  const ended = await withAdministration(context, (administration) => administration.lockUser(login));
  answer(context, { login, ended }, () => `${login} is locked, ${ended} ${ended === 1 ? 'session' : 'sessions'} ended`);
  return EXIT.ok;
}
