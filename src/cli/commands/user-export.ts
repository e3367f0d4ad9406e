/** `gatehouse user export`: logins and addresses as CSV, never passwords. */
import type { Context } from '../context.ts';
import { readingAdministration } from '../context.ts';
import { csvLine } from '../csv.ts';
import { EXIT } from '../exit-codes.ts';
import { userPages } from '../user-pages.ts';

export async function run(context: Context): Promise<0> {
  const { io, options } = context;
  let first = true;
  if (!options.json) io.out('login,email,locked,mobile');
  await readingAdministration(context, async (administration) => {
    for await (const page of userPages(administration)) {
      if (options.json) {
        // One document, written in pieces.
        const text = page.map((user) => JSON.stringify(user)).join(',\n');
        io.out(first ? `{"version":1,"users":[\n${text}` : `,${text}`);
      } else {
        io.out(
          page
            .map((user) => csvLine([user.logins[0] ?? '', user.email, user.locked ? 'yes' : 'no', user.mobile]))
            .join('\n'),
        );
      }
      first = false;
    }
  });
  if (options.json) io.out(first ? '{"version":1,"users":[]}' : ']}');
  return EXIT.ok;
}
