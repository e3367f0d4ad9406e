/** `gatehouse user passwd LOGIN [PASSWORD]` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { newPassword } from '../password.ts';

export async function run(
  context: Context,
  login: string,
  given: string | undefined,
  options: { passwordStdin?: boolean },
): Promise<0> {
  const password = await newPassword(context.io, given, options.passwordStdin === true);
  await withAdministration(context, (administration) => administration.setPassword(login, password));
  answer(context, { login }, () => `password of ${login} set`);
  return EXIT.ok;
}
