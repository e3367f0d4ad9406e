/** All users, page by page, so that a million of them pass through little memory. */
import type { Administration, UserView } from '../core/admin/types.ts';

const PAGE = 1000;

export async function* userPages(administration: Administration, prefix?: string): AsyncGenerator<UserView[]> {
  let after: string | undefined;
  for (;;) {
    const page = await administration.listUsers({
      limit: PAGE,
      ...(prefix === undefined ? {} : { prefix }),
      ...(after === undefined ? {} : { after }),
    });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}
