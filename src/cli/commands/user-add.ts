/** `gatehouse user add LOGIN [PASSWORD]` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { newPassword } from '../password.ts';

interface Options {
  email?: string;
  mobile?: string;
  passwordStdin?: boolean;
}

export async function run(context: Context, login: string, given: string | undefined, options: Options): Promise<0> {
  const password = await newPassword(context.io, given, options.passwordStdin === true);
  const { email, mobile } = options;
  const user = await withAdministration(context, (administration) =>
    administration.addUser({
      login,
      password,
      ...(email === undefined ? {} : { email }),
      ...(mobile === undefined ? {} : { mobile }),
    }),
  );
  answer(context, { user }, () => `added ${user.logins[0]}`);
  if (user.locked && !context.options.json)
    context.io.err('the name is locked, so the user is refused: see gatehouse user list --locked');
  return EXIT.ok;
}
