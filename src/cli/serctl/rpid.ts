/** serctl rpid: the caller id of a user, for append_rpid_hf(). Said and shown as `user<TAB>rpid`. */
import { printable } from '../io.ts';
import type { Desk } from './desk.ts';

export const RPID_USAGE = 'rpid add <user> <rpid> | rm <user> | show <user>';

/** Undefined: not used as it should be. */
export async function rpid(desk: Desk, [action, user, text]: string[]): Promise<0 | 1 | undefined> {
  const { administration, login } = desk;
  if (user === undefined || (action === 'add') !== (text !== undefined)) return undefined;
  switch (action) {
    case 'add':
      await administration.setRpid(login(user), text!);
      return show(desk, user);
    case 'rm':
      await administration.setRpid(login(user), '');
      return show(desk, user);
    case 'show':
      return show(desk, user);
    default:
      return undefined;
  }
}

async function show({ io, administration, login }: Desk, user: string): Promise<0> {
  const view = await administration.showUser(login(user));
  io.out([view.logins[0] ?? '', view.rpid || 'NULL'].map(printable).join('\t'));
  return 0;
}
