/** FreeRADIUS as the peer of a measurement: PAP and CHAP over its files, or over its SQL module with SQLite or MariaDB. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Cleanup } from '../test/peers/cleanup.ts';
import { listening, startFreeRadius } from '../test/peers/freeradius.ts';
import type { MariaDb } from '../test/peers/mariadb.ts';
import { freePort } from '../test/peers/ports.ts';

export interface RadiusUser {
  readonly name: string;
  readonly password: string;
}

/** Where the users are. */
export type RadiusStore = 'files' | 'sqlite' | MariaDb;

/** Debian has it in a package of its own. */
export const freeRadiusKnowsMysql = existsSync('/usr/lib/freeradius/rlm_sql_mysql.so');

export async function startBenchServer(
  stage: Cleanup,
  store: RadiusStore,
  users: readonly RadiusUser[],
  secret: string,
): Promise<{ pid: number; port: number }> {
  const port = await freePort();
  if (typeof store === 'object') await store.sql(rows('INTEGER PRIMARY KEY AUTO_INCREMENT', users));
  const sections = (folder: string) => `modules {
 pap {
 }
 chap {
 }
${storeModule(folder, store, users)}}
server default {
${listening('auth', port)} authorize {
  ${store === 'files' ? 'files' : 'sql'}
  chap
  pap
 }
 authenticate {
  Auth-Type PAP {
   pap
  }
  Auth-Type CHAP {
   chap
  }
 }
}
`;
  const { pid } = await startFreeRadius(stage, { name: 'freeradius-bench', secret, threads: 4, sections });
  return { pid, port };
}

function storeModule(folder: string, store: RadiusStore, users: readonly RadiusUser[]): string {
  if (store === 'files') {
    const lines = users.map(({ name, password }) => `${name} Cleartext-Password := "${password}"\n`);
    writeFileSync(join(folder, 'users'), lines.join(''));
    return ` files {
  usersfile = ${folder}/users
 }
`;
  }
  if (store === 'sqlite') {
    const file = join(folder, 'users.db');
    const database = new DatabaseSync(file);
    database.exec(rows('INTEGER PRIMARY KEY', users));
    database.close();
    return sqlModule(`dialect = "sqlite"
  driver = "rlm_sql_sqlite"
  sqlite {
   filename = "${file}"
  }
  radius_db = "radius"`);
  }
  const { hostname, port, username, password, pathname } = new URL(store.url);
  return sqlModule(`dialect = "mysql"
  driver = "rlm_sql_mysql"
  server = "${hostname}"
  port = ${port}
  login = "${username}"
  password = "${decodeURIComponent(password)}"
  radius_db = "${pathname.slice(1)}"`);
}

/** The table of users as FreeRADIUS ships it, as far as it is read here. */
function rows(id: string, users: readonly RadiusUser[]): string {
  const values = users.map(({ name, password }) => `('${name}', 'Cleartext-Password', ':=', '${password}')`);
  return `CREATE TABLE radcheck (id ${id}, username VARCHAR(64), attribute VARCHAR(64), op CHAR(2), value VARCHAR(253));
CREATE INDEX radcheck_username ON radcheck (username);
INSERT INTO radcheck (username, attribute, op, value) VALUES ${values.join(', ')};`;
}

function sqlModule(driver: string): string {
  return ` sql {
  ${driver}
  read_groups = no
  read_profiles = no
  sql_user_name = "%{User-Name}"
  authorize_check_query = "SELECT id, username, attribute, value, op FROM radcheck WHERE username = '%{SQL-User-Name}'"
  pool {
   start = 4
   min = 4
   max = 8
   spare = 2
   uses = 0
   lifetime = 0
   idle_timeout = 0
  }
 }
`;
}
