/** `gatehouse sms log` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';

export async function run(context: Context, { limit, user }: { limit: string; user?: string }): Promise<0> {
  const question = { limit: wholeNumber('--limit', limit, 1, 1000), ...(user === undefined ? {} : { user }) };
  const messages = await readingAdministration(context, (administration) => administration.listSmsMessages(question));
  answer(context, { messages }, () => {
    if (messages.length === 0) return 'no messages';
    const rows = messages.map(({ time, user: of, number, provider, state, answer: said }) => [
      new Date(time).toLocaleString('sv-SE'),
      of || '-',
      number,
      provider || '-',
      state,
      said,
    ]);
    return table(context.io, ['TIME', 'USER', 'NUMBER', 'PROVIDER', 'STATE', 'ANSWER'], rows);
  });
  return EXIT.ok;
}
