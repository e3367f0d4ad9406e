/** `gatehouse radius coa SESSION NAME=VALUE...` */
import { answer, type Context, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, session: string, terms: readonly string[]): Promise<0> {
  await withAdministration(context, (administration) => administration.changeRadiusSession(session, terms));
  answer(context, { session, terms }, () => `changed ${session}`);
  return EXIT.ok;
}
