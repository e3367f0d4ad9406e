/** `gatehouse user number list LOGIN` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(context: Context, login: string): Promise<0> {
  const numbers = await readingAdministration(context, (administration) => administration.listNumbers(login));
  answer(context, { numbers }, () => {
    if (numbers.length === 0) return 'no numbers';
    return table(
      context.io,
      ['ALIAS', 'NUMBER'],
      numbers.map(({ alias, number }) => [alias, number]),
    );
  });
  return EXIT.ok;
}
