/** `gatehouse realm rm NAME` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name: string): Promise<0> {
  await withAdministration(context, (administration) => administration.removeRealm(name));
  answer(context, { name }, () => `removed ${name}`);
  return EXIT.ok;
}
