/** `gatehouse who [USER]` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { spanText, table } from '../table.ts';

export async function run(context: Context, user: string | undefined): Promise<0> {
  const sessions = await readingAdministration(context, (administration) => administration.who(user));
  answer(context, { sessions }, () => {
    if (sessions.length === 0) return user === undefined ? 'nobody is in' : `${user} is not in`;
    const now = Date.now();
    const rows = sessions.map((session) => [
      session.user,
      session.door,
      session.client,
      spanText(now - session.started),
      session.expires === 0 ? 'never' : spanText(session.expires - now),
      session.session,
      Object.values(session.detail).join(' '),
    ]);
    return table(context.io, ['USER', 'DOOR', 'CLIENT', 'FOR', 'ENDS IN', 'SESSION', 'DETAIL'], rows);
  });
  return EXIT.ok;
}
