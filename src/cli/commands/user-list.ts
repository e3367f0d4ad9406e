/** `gatehouse user list [PREFIX]` */
import type { LockView, UserView } from '../../core/admin/types.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';
import { userPages } from '../user-pages.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  limit: string;
  locked?: boolean;
}

export async function run(context: Context, prefix: string | undefined, options: Options): Promise<0> {
  const limit = wholeNumber('--limit', options.limit, 1, 100_000);
  if (options.locked) return listLocks(context, prefix, limit);
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

async function listLocks(context: Context, prefix: string | undefined, limit: number): Promise<0> {
  const found = await readingAdministration(context, (administration) =>
    administration.listLocks({ limit: limit + 1, ...(prefix === undefined ? {} : { prefix }) }),
  );
  const more = found.length > limit;
  const locks = found.slice(0, limit);
  answer(context, { locks, more }, () => {
    if (locks.length === 0) return 'nobody is locked';
    const rows = locks.map((lock) => [lock.login, extent(lock), lock.since ?? '-', lock.by ?? '-']);
    return table(context.io, ['LOGIN', 'LOCKED', 'SINCE', 'BY'], rows);
  });
  if (more && !context.options.json) context.io.err(`only the first ${limit}; see --limit`);
  return EXIT.ok;
}

function extent({ of, login }: LockView): string {
  if (of === 'user') return 'user';
  return login.includes('@') ? 'name' : 'name, in every domain';
}
