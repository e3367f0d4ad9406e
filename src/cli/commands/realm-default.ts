/** `gatehouse realm default [NAME]` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, name = ''): Promise<0> {
  await withAdministration(context, (administration) => administration.setDefaultRealm(name));
  answer(context, { name }, () => (name === '' ? 'there is no default realm' : `${name} is the default realm`));
  return EXIT.ok;
}
