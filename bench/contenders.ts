/**
 * The two servers of a comparison, each with the same 10,000 users and, where it uses one, a MariaDB of its own: what a
 * server writes later, in the other's round, is then counted for neither.
 *
 * Both databases are alike: Kamailio's tables as Debian ships them, innodb_flush_log_at_trx_commit=1 (the default).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../test/peers/cleanup.ts';
import { makeSite } from '../test/peers/gatehouse.ts';
import { startMariadb } from '../test/peers/mariadb.ts';
import { startKamailio } from './kamailio/server.ts';

export const DOMAIN = 'gate.test';
export const USERS = 10_000;
const KAMAILIO_SQL = '/usr/share/kamailio/mysql';
const QUICKSTART = join(import.meta.dirname, '..', 'test', 'fixtures', 'ser', 'quickstart.cfg');

/** A server under measurement: where it listens, and the processes that work for it. */
export interface Contender {
  readonly name: 'gatehouse' | 'kamailio';
  readonly target: string;
  readonly server: number;
  /** Process of its database, if it uses one while it serves. */
  readonly database: number | undefined;
}

export function userName(index: number): string {
  return `u${(index % USERS) + 1}`;
}

export function passwordOf(user: string): string {
  return `pw-${user}`;
}

/** With MariaDB: the quick-start listing, as its authors give it but for the `100 Trying` that Kamailio's has not. */
export async function gatehouseOnMariadb(stage: Cleanup): Promise<Contender> {
  const database = await startDatabase(stage);
  const text = readFileSync(QUICKSTART, 'utf8').replace(/"mysql:[^"]*"/g, `"${database.url}"`);
  return { ...(await startGatehouse(stage, text, [])), database: database.pid };
}

/** Contacts in memory only, users in SQLite. */
export async function gatehouseInMemory(stage: Cleanup): Promise<Contender> {
  const text = readFileSync(QUICKSTART, 'utf8')
    .replace(/^.*_db_url=.*$|^.*"db_url".*$/gm, '')
    .replace('"db_mode", 2', '"db_mode", 0');
  const users = Array.from({ length: USERS }, (_, i) => `${userName(i)}@${DOMAIN},${passwordOf(userName(i))},`);
  return { ...(await startGatehouse(stage, text, users)), database: undefined };
}

export async function kamailioOnMariadb(stage: Cleanup): Promise<Contender> {
  const database = await startDatabase(stage);
  const { pid, target } = await startKamailio(stage, 'listing', database.url);
  return { name: 'kamailio', target, server: pid, database: database.pid };
}

/** It reads the users from MariaDB once, at its start. */
export async function kamailioInMemory(stage: Cleanup): Promise<Contender> {
  const database = await startDatabase(stage);
  const { pid, target } = await startKamailio(stage, 'expert', database.url);
  return { name: 'kamailio', target, server: pid, database: undefined };
}

async function startGatehouse(stage: Cleanup, script: string, users: string[]): Promise<Omit<Contender, 'database'>> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-script-'));
  stage.after(async () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'ser.cfg');
  writeFileSync(file, script.replace('sl_send_reply("100", "Trying");', ''));
  const site = await makeSite(stage, { script: file, domains: [DOMAIN] });
  if (users.length > 0) {
    const { status, stderr } = site.import(users);
    if (status !== 0) throw new Error(`the users could not be imported:\n${stderr}`);
  }
  const server = await site.start();
  stage.after(async () => void (await server.stop('SIGKILL')));
  return { name: 'gatehouse', target: site.sip, server: server.pid };
}

async function startDatabase(stage: Cleanup): Promise<{ url: string; pid: number }> {
  const mariadb = await startMariadb(stage);
  await mariadb.sql("CREATE USER bench@'%' IDENTIFIED BY 'bench'; GRANT ALL ON *.* TO bench@'%'");
  for (const name of ['standard', 'auth_db', 'usrloc', 'uri_db', 'alias_db']) {
    await mariadb.sql(readFileSync(join(KAMAILIO_SQL, `${name}-create.sql`), 'utf8'));
  }
  const user = "CONCAT('u', seq)";
  const password = "CONCAT('pw-u', seq)";
  await mariadb.sql(`
    CREATE TABLE aliases LIKE location;
    INSERT INTO version (table_name, table_version) SELECT 'aliases', table_version FROM version WHERE table_name = 'location';
    INSERT INTO subscriber (username, domain, password, ha1, ha1b)
      SELECT ${user}, '${DOMAIN}', ${password}, MD5(CONCAT_WS(':', ${user}, '${DOMAIN}', ${password})),
        MD5(CONCAT_WS(':', CONCAT(${user}, '@${DOMAIN}'), '${DOMAIN}', ${password})) FROM seq_1_to_${USERS};
    CREATE VIEW secrets AS SELECT id, username AS key_name, 0 AS key_type, 0 AS value_type, ha1 AS key_value, 0 AS expires
      FROM subscriber;
    INSERT INTO version (table_name, table_version) VALUES ('secrets', 2)`);
  return { url: `mysql://bench:bench@127.0.0.1:${mariadb.port}/gatehouse`, pid: mariadb.pid };
}
