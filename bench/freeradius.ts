/** FreeRADIUS as the peer of a measurement: PAP and CHAP over its files, or over its SQL module with SQLite. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { folderFor } from '../test/peers/children.ts';
import type { Cleanup } from '../test/peers/cleanup.ts';
import { freePort } from '../test/peers/ports.ts';

export interface RadiusUser {
  readonly name: string;
  readonly password: string;
}

export async function startFreeRadius(
  stage: Cleanup,
  store: 'files' | 'sql',
  users: readonly RadiusUser[],
  secret: string,
): Promise<{ pid: number; port: number }> {
  const folder = folderFor(stage, 'freeradius-bench');
  const port = await freePort();
  writeFileSync(
    join(folder, 'users'),
    users.map(({ name, password }) => `${name} Cleartext-Password := "${password}"\n`).join(''),
  );
  if (store === 'sql') writeDatabase(join(folder, 'users.db'), users);
  writeFileSync(join(folder, 'radiusd.conf'), configuration(folder, port, store, secret));
  const child = spawn('freeradius', ['-f', '-d', folder, '-n', 'radiusd', '-l', 'stdout'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  stage.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.on('exit', () => reject(new Error(`freeradius did not start:\n${said}`)));
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      said = (said + piece).slice(-8000);
      if (said.includes('Ready to process requests')) resolve();
    });
  });
  return { pid: child.pid!, port };
}

function writeDatabase(file: string, users: readonly RadiusUser[]): void {
  const database = new DatabaseSync(file);
  database.exec(
    'CREATE TABLE radcheck (id INTEGER PRIMARY KEY, username TEXT, attribute TEXT, op TEXT, value TEXT); BEGIN',
  );
  const insert = database.prepare(
    "INSERT INTO radcheck (username, attribute, op, value) VALUES (?, 'Cleartext-Password', ':=', ?)",
  );
  for (const { name, password } of users) insert.run(name, password);
  database.exec('COMMIT; CREATE INDEX radcheck_username ON radcheck (username)');
  database.close();
}

function configuration(folder: string, port: number, store: 'files' | 'sql', secret: string): string {
  return `prefix = /usr
logdir = ${folder}
run_dir = ${folder}
raddbdir = ${folder}
libdir = /usr/lib/freeradius
max_requests = 65536
security {
 allow_vulnerable_openssl = yes
 reject_delay = 0
}
thread pool {
 start_servers = 4
 max_servers = 8
 min_spare_servers = 2
 max_spare_servers = 4
}
client lo {
 ipaddr = 127.0.0.1
 secret = "${secret}"
}
modules {
 pap {
 }
 chap {
 }
 files {
  usersfile = ${folder}/users
 }
${store === 'sql' ? sqlModule(folder) : ''}}
server default {
 listen {
  type = auth
  ipaddr = 127.0.0.1
  port = ${port}
 }
 authorize {
  ${store}
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
}

function sqlModule(folder: string): string {
  return ` sql {
  dialect = "sqlite"
  driver = "rlm_sql_sqlite"
  sqlite {
   filename = "${folder}/users.db"
  }
  radius_db = "radius"
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
