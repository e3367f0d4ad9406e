/** `gatehouse user list [PREFIX]` */
import type { UserView } from '../../core/admin/types.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';
import { userPages } from '../user-pages.ts';
import { wholeNumber } from '../whole-number.ts';

export async function run(context: Context, prefix: string | undefined, options: { limit: string }): Promise<0> {
  const limit = wholeNumber('--limit', options.limit, 1, 100_000);
  const users: UserView[] = [];
  let more = false;
  await readingAdministration(context, async (administration) => {
    for await (const page of userPages(administration, prefix)) {
      users.push(...page);
      if (users.length > limit) break;
    }
    more = users.length > limit;
    users.length = Math.min(users.length, limit);
  });
  answer(context, { users, more }, () => {
    if (users.length === 0) return 'no users';
    const rows = users.map((user) => [
      user.logins.join(', '),
      user.email || '-',
      user.mobile || '-',
      user.locked ? 'locked' : '',
      user.source,
    ]);
    return table(context.io, ['LOGIN', 'EMAIL', 'MOBILE', '', 'SOURCE'], rows);
  });
  if (more && !context.options.json) context.io.err(`only the first ${limit}; see --limit, or gatehouse user export`);
  return EXIT.ok;
}
