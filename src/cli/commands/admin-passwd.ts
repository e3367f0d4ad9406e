/** `gatehouse admin passwd [NAME]` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { newPassword } from '../password.ts';

export async function run(context: Context, name: string, options: { passwordStdin?: boolean }): Promise<0> {
  const password = await newPassword(context.io, undefined, options.passwordStdin === true);
  await withAdministration(context, (administration) => administration.setAdminPassword(name, password));
  answer(context, { name }, () => `password of administrator ${name} set`);
  return EXIT.ok;
}
