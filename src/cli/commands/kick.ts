/** `gatehouse kick USER|SESSION` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, what: string): Promise<ExitCode> {
  const ended = await readingAdministration(context, (administration) => administration.kick(what));
  answer(context, { ended }, () =>
    ended === 0 ? `${what} has no session` : `${ended} ${ended === 1 ? 'session' : 'sessions'} ended`,
  );
  return ended === 0 ? EXIT.notFound : EXIT.ok;
}
