/** `gatehouse sms test NUMBER` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';

export async function run(context: Context, number: string, options: { provider?: string; text: string }): Promise<0> {
  const sent = await withAdministration(context, (administration) => administration.testSms({ number, ...options }));
  answer(context, sent, () => `${sent.provider} took it: ${printable(sent.answer)}`);
  return EXIT.ok;
}
