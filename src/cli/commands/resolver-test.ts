/** `gatehouse resolver test NAME`: asks the source itself, past all that is remembered. */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';
import { table } from '../table.ts';

export async function run(context: Context, name: string): Promise<0> {
  const test = await readingAdministration(context, (administration) => administration.testResolver(name));
  const { persons, more, notes } = test;
  answer(context, { test }, () => {
    if (persons.length === 0) return `${name} answers, and knows nobody`;
    const rows = persons.map(({ login, id, attributes }) => [
      login,
      id,
      [attributes.givenname, attributes.surname].filter(Boolean).join(' ') || '-',
      attributes.mobile ?? '-',
      attributes.email ?? '-',
    ]);
    return table(context.io, ['LOGIN', 'ID', 'NAME', 'MOBILE', 'EMAIL'], rows) + (more ? '\n…' : '');
  });
  if (!context.options.json) for (const note of notes) context.io.err(printable(note));
  return EXIT.ok;
}
