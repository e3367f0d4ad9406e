/** `gatehouse dial account import FILE` */
import type { Context } from '../context.ts';
import { answer, openBook, warn } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { readText } from '../read-text.ts';

export async function run(context: Context, file: string): Promise<0> {
  const dialling = await openBook(context);
  const { accounts, modems, problems } = dialling.import(await readText(context.io, file, 'utf8'), file);
  for (const [name, settings] of Object.entries(modems)) dialling.book.add('modems', name, settings);
  for (const [name, settings] of Object.entries(accounts)) dialling.book.add('accounts', name, settings);
  dialling.book.write();
  warn(context, problems);
  const names = { accounts: Object.keys(accounts), modems: Object.keys(modems) };
  answer(context, { ...names, problems }, () =>
    [
      ...names.modems.map((name) => `modem ${name}`),
      ...names.accounts.map((name) => `account ${name}; see what it would do: gatehouse dial --check '${name}'`),
    ].join('\n'),
  );
  return EXIT.ok;
}
