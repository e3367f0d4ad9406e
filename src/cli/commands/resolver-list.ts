/** `gatehouse resolver list` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(context: Context): Promise<0> {
  const [resolvers, realms] = await readingAdministration(context, (administration) =>
    Promise.all([administration.listResolvers(), administration.listRealms()]),
  );
  answer(context, { resolvers }, () => {
    const all = [...resolvers.map(({ name, type }) => [name, type] as const), ['local', 'built in'] as const];
    const rows = all.map(([name, type]) => {
      const using = realms.filter((realm) => realm.resolvers.includes(name)).map((realm) => realm.name);
      return [name, type, using.join(', ') || '-'];
    });
    return table(context.io, ['NAME', 'TYPE', 'REALMS'], rows);
  });
  return EXIT.ok;
}
