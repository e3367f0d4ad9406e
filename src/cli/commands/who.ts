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
    const rows = sessions.map(({ user, door, client, started, expires, session, detail }) => {
      // Not every door counts them.
      const { sent = '-', received = '-', ...more } = detail;
      return [
        ...[user, door, client, spanText(now - started)],
        expires === 0 ? 'never' : spanText(expires - now),
        ...[String(sent), String(received), session, Object.values(more).join(' ')],
      ];
    });
    const head = ['USER', 'DOOR', 'CLIENT', 'FOR', 'ENDS IN', 'SENT', 'RECEIVED', 'SESSION', 'DETAIL'];
    return table(context.io, head, rows);
  });
  return EXIT.ok;
}
