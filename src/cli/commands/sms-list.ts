/** `gatehouse sms list` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(context: Context): Promise<0> {
  const providers = await readingAdministration(context, (administration) => administration.listSmsProviders());
  answer(context, { providers }, () => {
    if (providers.length === 0) return 'no SMS providers; see gatehouse sms set --help';
    const rows = providers.map(({ name, class: kind, timeout, isDefault }) => [
      name,
      kind,
      timeout === null ? '-' : `${timeout} s`,
      isDefault ? 'default' : '',
    ]);
    return table(context.io, ['NAME', 'CLASS', 'VALID', ''], rows);
  });
  return EXIT.ok;
}
