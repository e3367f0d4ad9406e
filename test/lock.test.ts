/** `gatehouse lock` of names that are not Gatehouse's own: of an attached subscriber table at the SIP door, of a passwd file at the RADIUS door. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { Administration } from '../src/core/admin/types.ts';
import { connectControl, controlSocketOf } from '../src/core/control/client.ts';
import { makePapRequest } from '../src/platform/radius/lab.ts';
import { CODE } from '../src/platform/radius/numbers.ts';
import { folderFor } from './peers/children.ts';
import { makeSite } from './peers/gatehouse.ts';
import { freePort } from './peers/ports.ts';
import { register, sipClient, statusOf } from './sip-client.ts';

const SECRET = Buffer.from('a secret of the tests');
const PASSWORD = 'open sesame';

const SCRIPT = (database: string) => `
loadmodule "sl.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
modparam("usrloc", "db_mode", 0)
modparam("auth_db", "db_url", "sqlite:${database}")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "use_domain", 1)
modparam("auth_db", "password_column", "password")
route {
  if (!www_authorize("gate.test", "subscriber")) { www_challenge("gate.test", "0"); break; };
  save("location");
}
`;

/** A subscriber table that somebody else keeps. */
function makeSubscribers(file: string): void {
  const database = new DatabaseSync(file);
  database.exec(`CREATE TABLE subscriber (username TEXT NOT NULL, domain TEXT NOT NULL, password TEXT NOT NULL,
    ha1 TEXT NOT NULL DEFAULT '', ha1b TEXT NOT NULL DEFAULT '', email_address TEXT NOT NULL DEFAULT '', rpid TEXT)`);
  const add = database.prepare('INSERT INTO subscriber (username, domain, password) VALUES (?, ?, ?)');
  for (const name of ['alice', 'bob']) add.run(name, 'gate.test', PASSWORD);
  database.close();
}

/** The code of the answer to a name and a password. */
async function radius(t: TestContext, port: number, name: string): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  await once(socket, 'listening');
  const heard = once(socket, 'message', { signal: AbortSignal.timeout(30_000) });
  socket.send(makePapRequest(SECRET, name, PASSWORD), port, '127.0.0.1');
  const [answer] = (await heard) as [Buffer];
  return answer[0]!;
}

test('a lock holds for names that others vouch for, is listed, survives a restart and is taken away', async (t) => {
  const folder = folderFor(t, 'lock');
  const [database, script, staff] = ['ser.db', 'ser.cfg', 'staff'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  makeSubscribers(database);
  writeFileSync(script, SCRIPT(database));
  writeFileSync(staff, `carol:{SHA}${hash('sha1', PASSWORD, 'base64')}:1:1:Carol::\n`);
  writeFileSync(`${staff}.json`, JSON.stringify({ fileName: staff }));
  const port = await freePort();
  const others = [await freePort(), await freePort()];
  const site = await makeSite(t, {
    script,
    database: `sqlite:${join(folder, 'gatehouse.db')}`,
    yaml: [
      'users:',
      '  realms:',
      '    radius: { "*": staff }',
      'radius:',
      `  listen: ["127.0.0.1:${port}"]`,
      `  accounting: ["127.0.0.1:${others[0]}"]`,
      `  dynamic: ["127.0.0.1:${others[1]}"]`,
      `  clients: [{ name: tests, address: 127.0.0.0/8, secret: "${SECRET}" }]`,
    ].join('\n'),
  });
  const gatehouse = async (...args: string[]) => {
    const { status, stdout, stderr } = await site.runAside(...args);
    assert.equal(status, 0, stderr);
    return stdout + stderr;
  };
  await gatehouse('resolver', 'set', 'staff', 'passwdresolver', `${staff}.json`);
  await gatehouse('realm', 'set', 'staff', 'staff');
  let server = await site.start();
  let administration = await administrationOf(site.folder);
  const phone = await sipClient(t, site.sip);
  const registers = async (user: string) =>
    statusOf(await register(phone, { domain: 'gate.test', user, password: PASSWORD }, 30_000));

  assert.equal(await registers('alice'), 200);
  assert.equal(await radius(t, port, 'carol'), CODE.accessAccept);
  assert.equal(await administration.lockUser('alice@gate.test'), 1);
  assert.match(await gatehouse('lock', 'carol'), /no user here is called carol: the name is locked/);
  assert.deepEqual(await administration.who(), []);
  const refused = async () => {
    assert.deepEqual([await registers('alice'), await registers('bob')], [403, 200]);
    assert.equal(await radius(t, port, 'carol'), CODE.accessReject);
    const users = await administration.listUsers({ limit: 9 });
    assert.deepEqual(
      users.map(({ logins, locked }) => [logins[0], locked]),
      [
        ['alice@gate.test', true],
        ['bob@gate.test', false],
      ],
    );
    const why = await administration.explainPolicy({ user: 'carol', door: 'radius', client: '127.0.0.1' });
    assert.equal(why.account, 'locked');
  };
  await refused();
  assert.equal(await server.stop(), 0);
  server = await site.start();
  administration = await administrationOf(site.folder);
  await refused();
  const listed = await gatehouse('user', 'list', '--locked');
  assert.match(listed, /^alice@gate\.test +name +20\S+Z +.*\ncarol +name, in every domain +20\S+Z +command line/m);

  await gatehouse('unlock', 'alice');
  await administration.unlockUser('carol');
  assert.equal(await registers('alice'), 200);
  assert.equal(await radius(t, port, 'carol'), CODE.accessAccept);
  assert.deepEqual(await administration.listLocks({ limit: 9 }), []);
  const { entries } = await administration.listAudit({ user: 'alice@gate.test', event: 'admin', limit: 9 });
  assert.deepEqual(
    entries.map(({ fields }) => fields.action),
    ['unlock-user', 'lock-user'],
  );
  assert.equal(await server.stop(), 0);
});

async function administrationOf(folder: string): Promise<Administration> {
  const administration = await connectControl(controlSocketOf(folder));
  assert.ok(administration);
  return administration;
}
