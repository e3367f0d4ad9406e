/** `gatehouse lock LOGIN` */
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, login: string): Promise<0> {
  const { ended, known } = await withAdministration(context, async (administration) => ({
    ended: await administration.lockUser(login),
    known: await administration.showUser(login).then(() => true, isNobody),
  }));
  answer(
    context,
    { login, ended, known },
    () => `${login} is locked, ${ended} ${ended === 1 ? 'session' : 'sessions'} ended`,
  );
  if (!known && !context.options.json)
    context.io.err(`no user here is called ${login}: the name is locked, whoever vouches for it`);
  return EXIT.ok;
}

function isNobody(error: unknown): false {
  if (error instanceof GatehouseError && error.code === 'USER_UNKNOWN') return false;
  throw error;
}
