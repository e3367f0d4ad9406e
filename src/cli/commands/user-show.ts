/** `gatehouse user show LOGIN` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';

export async function run(context: Context, login: string): Promise<0> {
  const user = await readingAdministration(context, (administration) => administration.showUser(login));
  answer(context, { user }, () => {
    const lines = [
      ['login', user.logins.join(', ')],
      ['email', user.email || '-'],
      ['mobile', user.mobile || '-'],
      ['locked', user.locked ? 'yes' : 'no'],
      ['created', user.created ?? '-'],
      ['source', user.source],
    ];
    return lines.map(([name, value]) => `${context.io.paint('bold', name!.padEnd(8))} ${printable(value!)}`).join('\n');
  });
  return EXIT.ok;
}
