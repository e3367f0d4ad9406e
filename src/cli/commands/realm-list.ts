/** `gatehouse realm list` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(context: Context): Promise<0> {
  const realms = await readingAdministration(context, (administration) => administration.listRealms());
  answer(context, { realms }, () => {
    const rows = realms.map(({ name, resolvers, isDefault }) => [
      name,
      resolvers.join(', '),
      isDefault ? 'default' : '',
    ]);
    return table(context.io, ['NAME', 'RESOLVERS', ''], rows);
  });
  return EXIT.ok;
}
