/**
 * Fills Gatehouse's own SQLite tables while no server runs: a million users by `gatehouse user import` would take longer than
 * all that is to be measured. The rows are those that import and registrar write, save that users are not shown in `subscriber`.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { keyFileOf } from '../src/core/control/data-directory.ts';
import { openKeyring } from '../src/core/secrets/keyring.ts';
import { passwordSeal } from '../src/core/users/local-users.ts';

export interface Many {
  readonly folder: string;
  readonly domain: string;
  readonly users: number;
  readonly contacts: number;
  /** `udp:127.0.0.1:5060`: the socket that the contacts came over. */
  readonly socket: string;
  userName(index: number): string;
  passwordOf(user: string): string;
}

/** The database must have been made by a first start. */
export async function fill(many: Many): Promise<void> {
  const { folder, domain, users, contacts, socket, userName, passwordOf } = many;
  const keyring = await openKeyring(keyFileOf(folder));
  const db = new DatabaseSync(join(folder, 'gatehouse.db'));
  const user = db.prepare('INSERT INTO gh_user (id, password, created) VALUES (?, ?, ?)');
  const login = db.prepare('INSERT INTO gh_login (name, domain, user_id) VALUES (?, ?, ?)');
  const contact = db.prepare(
    `INSERT INTO location (username, contact, expires, callid, cseq, last_modified, user_agent, socket)
     VALUES (?, ?, datetime('now', '+1 day'), ?, 2, datetime('now'), 'Gatehouse bench', ?)`,
  );
  const now = Date.now();
  db.exec('BEGIN');
  for (let index = 0; index < users; index++) {
    const name = userName(index);
    user.run(index + 1, keyring.seal(passwordOf(name), passwordSeal(index + 1)), now);
    login.run(name, domain, index + 1);
  }
  for (let index = 0; index < contacts; index++) {
    const name = userName(index);
    contact.run(name, `sip:${name}@127.0.0.1:5080`, `scale-${index}@bench`, socket);
  }
  db.prepare("UPDATE gh_meta SET value = ? WHERE name = 'next-user'").run(String(users + 1));
  db.exec('COMMIT');
  db.close();
}
