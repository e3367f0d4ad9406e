/** `gatehouse token assign SERIAL USER` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, serial: string, user: string): Promise<0> {
  await withAdministration(context, (administration) => administration.assignToken(serial, user));
  answer(context, { serial, user }, () => `${serial} is ${user}'s now`);
  return EXIT.ok;
}
