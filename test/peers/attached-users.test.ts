/** Users of an attached SER, OpenSER or Kamailio database, administered as serctl and `gatehouse user` do. */
// peers: mariadb python3
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { startExchange } from '../../src/doors/dial/exchange/exchange.ts';
import { callOf, gone, Script } from '../../src/doors/dial/lab.ts';
import { openModem } from '../../src/doors/dial/modem/modem.ts';
import { DEFAULT_STRINGS } from '../../src/doors/dial/modem/strings.ts';
import { openStorage } from '../../src/storage/open.ts';
import { storageOptions } from '../../src/storage/storage.contract.ts';
import { register, sipClient, statusOf } from '../sip-client.ts';
import { folderFor } from './children.ts';
import { makeSite, type Site } from './gatehouse.ts';
import { type MariaDb, mariadbMissing, startMariadb } from './mariadb.ts';

const LONG = { timeoutMs: 120_000 };
const VERSION = 'CREATE TABLE version (table_name varchar(32) NOT NULL, table_version int NOT NULL);';
const URI_KEY = 'PRIMARY KEY (username, domain, uri_user)';
const LAYOUTS: Readonly<Record<string, string>> = {
  'SER 0.9': `CREATE TABLE subscriber (phplib_id varchar(32) NOT NULL DEFAULT '' UNIQUE,
      username varchar(64) NOT NULL DEFAULT '', domain varchar(128) NOT NULL DEFAULT '',
      password varchar(25) NOT NULL DEFAULT '', first_name varchar(25) NOT NULL DEFAULT '',
      last_name varchar(45) NOT NULL DEFAULT '', phone varchar(15) NOT NULL DEFAULT '',
      email_address varchar(50) NOT NULL DEFAULT '', datetime_created datetime NOT NULL DEFAULT '1900-01-01 00:00:00',
      datetime_modified datetime NOT NULL DEFAULT '1900-01-01 00:00:00', confirmation varchar(64) NOT NULL DEFAULT '',
      flag char(1) NOT NULL DEFAULT 'o', sendnotification varchar(50) NOT NULL DEFAULT '',
      greeting varchar(50) NOT NULL DEFAULT '', ha1 varchar(128) NOT NULL DEFAULT '',
      ha1b varchar(128) NOT NULL DEFAULT '', allow_find char(1) NOT NULL DEFAULT '0', timezone varchar(128) DEFAULT NULL,
      rpid varchar(128) DEFAULT NULL, domn int DEFAULT NULL, uuid varchar(64) DEFAULT NULL,
      PRIMARY KEY (username, domain)) ENGINE = MyISAM DEFAULT CHARSET = latin1;
    CREATE TABLE uri (username varchar(64) NOT NULL DEFAULT '', domain varchar(128) NOT NULL DEFAULT '',
      uri_user varchar(50) NOT NULL DEFAULT '', last_modified datetime NOT NULL DEFAULT '1900-01-01 00:00:00',
      ${URI_KEY}) ENGINE = MyISAM DEFAULT CHARSET = latin1;`,
  'OpenSER 1.3': `CREATE TABLE subscriber (id int unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL,
      username varchar(64) NOT NULL DEFAULT '', domain varchar(64) NOT NULL DEFAULT '',
      password varchar(25) NOT NULL DEFAULT '', first_name varchar(25) NOT NULL DEFAULT '',
      last_name varchar(45) NOT NULL DEFAULT '', email_address varchar(50) NOT NULL DEFAULT '',
      datetime_created datetime NOT NULL DEFAULT '1900-01-01 00:00:01', ha1 varchar(64) NOT NULL DEFAULT '',
      ha1b varchar(64) NOT NULL DEFAULT '', timezone varchar(64) NOT NULL DEFAULT '', rpid varchar(64) DEFAULT NULL,
      CONSTRAINT account_idx UNIQUE (username, domain)) ENGINE = InnoDB DEFAULT CHARSET = latin1;
    CREATE TABLE uri (id int unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL, username varchar(64) NOT NULL DEFAULT '',
      domain varchar(64) NOT NULL DEFAULT '', uri_user varchar(64) NOT NULL DEFAULT '',
      last_modified datetime NOT NULL DEFAULT '1900-01-01 00:00:01',
      CONSTRAINT account_idx UNIQUE (username, domain, uri_user)) ENGINE = InnoDB DEFAULT CHARSET = latin1;`,
  'Kamailio 5.6': `CREATE TABLE subscriber (id int unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL,
      username varchar(64) DEFAULT '' NOT NULL, domain varchar(64) DEFAULT '' NOT NULL,
      password varchar(64) DEFAULT '' NOT NULL, ha1 varchar(128) DEFAULT '' NOT NULL, ha1b varchar(128) DEFAULT '' NOT NULL,
      CONSTRAINT account_idx UNIQUE (username, domain)) DEFAULT CHARSET = utf8mb4;
    CREATE TABLE uri (id int unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL, username varchar(64) DEFAULT '' NOT NULL,
      domain varchar(64) DEFAULT '' NOT NULL, uri_user varchar(64) DEFAULT '' NOT NULL,
      last_modified datetime DEFAULT '2000-01-01 00:00:01' NOT NULL,
      CONSTRAINT account_idx UNIQUE (username, domain, uri_user)) DEFAULT CHARSET = utf8mb4;`,
};

const SCRIPT = (url: string) => `
loadmodule "sl.so"
loadmodule "mysql.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
loadmodule "uri_db.so"
modparam("auth_db|uri_db", "db_url", "${url}")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "use_domain", 1)
modparam("auth_db", "password_column", "password")
route {
  if (!www_authorize("gate.test", "subscriber")) { www_challenge("gate.test", "0"); break; };
  if (!check_to()) { sl_send_reply("403", "Forbidden"); break; };
  sl_send_reply("200", "OK");
}
`;

const md5 = (text: string) => hash('md5', text);

function suite(): void {
  let server: MariaDb;
  const endings: (() => Promise<void>)[] = [];

  before(async () => {
    server = await startMariadb({ after: (work) => void endings.push(work) });
  });
  after(async () => {
    for (const work of endings) await work();
  });

  for (const [layout, ddl] of Object.entries(LAYOUTS)) {
    test(`${layout}: users are added, changed, listed and removed as its own tools do it`, async (t) => {
      const name = `attached_${layout.replace(/\W/g, '_').toLowerCase()}`;
      await server.sql(`CREATE DATABASE ${name}; USE ${name}; ${VERSION} ${ddl}`);
      const rows = async (sql: string) => (await server.sql(`USE ${name}; ${sql}`)).trim();
      const before = await rows('SHOW CREATE TABLE subscriber; SHOW CREATE TABLE uri');
      const site = await siteOn(t, server.url.replace(/gatehouse$/, name));

      const added = site.serctl('add', 'alice@gate.test', 'secret', 'alice@example.com');
      assert.equal(added.status, 0, added.stderr);
      assert.match(added.stdout, /^new user added\n/);
      const [ha1, ha1b] = [md5('alice:gate.test:secret'), md5('alice@gate.test:gate.test:secret')];
      const columns = 'username, domain, password, ha1, ha1b';
      assert.equal(
        await rows(`SELECT ${columns} FROM subscriber`),
        ['alice', 'gate.test', 'secret', ha1, ha1b].join('\t'),
      );
      assert.equal(await rows('SELECT username, domain, uri_user FROM uri'), 'alice\tgate.test\talice');
      if (layout === 'SER 0.9') assert.equal(await rows('SELECT phplib_id FROM subscriber'), ha1);
      assert.match(site.serctl('add', 'alice@gate.test', 'other', 'a@b').stderr, /user already exists/);

      assert.equal(site.serctl('passwd', 'alice@gate.test', 'pässword').status, 0);
      const changed = ['pässword', md5('alice:gate.test:pässword'), md5('alice@gate.test:gate.test:pässword')];
      const bytes = 'CONVERT(CAST(CONVERT(password USING latin1) AS BINARY) USING utf8mb4)';
      assert.equal(await rows(`SET NAMES utf8mb4; SELECT ${bytes}, ha1, ha1b FROM subscriber`), changed.join('\t'));

      const called = site.serctl('rpid', 'add', 'alice@gate.test', 'sip:+1@gate.test');
      if (layout === 'Kamailio 5.6') assert.match(called.stderr, /no column rpid \[USER_NO_RPID\]/);
      else assert.equal(await rows('SELECT rpid, ha1 FROM subscriber'), `sip:+1@gate.test\t${changed[1]}`);

      const many = Array.from({ length: 1_200 }, (_, i) => `u${i}@gate.test,pw${i},`);
      const imported = site.import([...many, 'alice@gate.test,else,', 'żółw@gate.test,pw,']);
      assert.match(imported.stdout, /^1201 added, 1 there already/, imported.stderr);
      assert.equal(await rows('SELECT COUNT(*) FROM subscriber JOIN uri USING (username, domain)'), '1202');
      const long = ['x'.repeat(60), 'y'.repeat(70)].map((text) => `${text}@gate.test,pw,`);
      const refused = site.import(['ok1@gate.test,pw,', ...long, 'ok2@gate.test,pw,']);
      const taken = layout === 'SER 0.9' ? 2 : 3; // its uri_user holds 50
      assert.match(refused.stdout, new RegExp(`^${taken} added$`, 'm'), refused.stderr);
      assert.match(refused.stderr, /:3: column username of table (subscriber|uri) holds 64 characters/);
      assert.equal(
        await rows('SELECT COUNT(*) FROM subscriber JOIN uri USING (username, domain)'),
        String(1202 + taken),
      );
      for (const name of ['ok1', 'ok2', ...(taken === 3 ? ['x'.repeat(60)] : [])]) {
        assert.equal(site.serctl('rm', `${name}@gate.test`).status, 0);
      }

      const listed = JSON.parse(site.run('user', 'list', '--limit', '5000', '--json').stdout).users as {
        logins: string[];
      }[];
      assert.equal(new Set(listed.flatMap(({ logins }) => logins)).size, 1_202);
      assert.ok(listed.some(({ logins }) => logins[0] === 'żółw@gate.test'));

      assert.equal(site.serctl('rm', 'alice@gate.test').status, 0);
      assert.match(site.serctl('rm', 'alice@gate.test').stderr, /non-existent user/);
      assert.equal(await rows("SELECT COUNT(*) FROM uri WHERE username = 'alice'"), '0');
      const strip = (text: string) => text.replace(/ AUTO_INCREMENT=\d+/g, '');
      assert.equal(strip(await rows('SHOW CREATE TABLE subscriber; SHOW CREATE TABLE uri')), strip(before));
    });
  }

  test('a script checks To against the attached uri table', async (t) => {
    const name = 'attached_uri';
    await server.sql(`CREATE DATABASE ${name}; USE ${name}; ${VERSION} ${LAYOUTS['OpenSER 1.3']}`);
    const site = await siteOn(t, server.url.replace(/gatehouse$/, name));
    site.serctl('add', 'alice@gate.test', 'secret', 'a@b');
    await site.start();
    const client = await sipClient(t, site.sip);
    const ask = async (user: string) => {
      const reply = await register(client, {
        domain: 'gate.test',
        user,
        password: 'secret',
        contact: `sip:${user}@${client.hostPort}`,
      });
      return statusOf(reply);
    };
    assert.equal(await ask('alice'), 200);
  });

  test('they are called back by telephone, at numbers of ours, and log in with the password of their row', async (t) => {
    const name = 'attached_dial';
    await server.sql(`CREATE DATABASE ${name}; USE ${name}; ${VERSION} ${LAYOUTS['OpenSER 1.3']}`);
    const exchange = await startExchange({
      directory: join(folderFor(t, 'attached-dial'), 'lines'),
      lines: 2,
      secondMs: 100,
    });
    t.after(() => exchange.close());
    const [mine, house] = exchange.lines.map(({ path }) => path) as [string, string];
    const locks = folderFor(t, 'attached-locks');
    const yaml = [
      'dial:',
      `  lock_directory: ${locks}`,
      '  lines:',
      `    - { name: front, device: ${house}, flow_control: none, escape_guard: 0.15 }`,
      '  call_back: { wait: 1, random: 0 }',
    ];
    const site = await siteOn(t, server.url.replace(/gatehouse$/, name), yaml.join('\n'));
    for (const domain of ['gate.test', 'else.test'])
      site.serctl('add', `alice@${domain}`, `secret of ${domain}`, 'a@b');
    assert.equal(site.run('user', 'number', 'add', 'alice@gate.test', 'home', '1001').status, 0);
    const running = await site.start();

    const modem = await openModem(mine, { ...DEFAULT_STRINGS, escapeGuardMs: 150 });
    t.after(() => modem.close().catch(() => {}));
    await modem.init();
    const first = callOf(await modem.dial('1002', LONG));
    const leg1 = new Script(first);
    await leg1.expect('ogin:');
    leg1.send('alice@gate.test');
    await leg1.expect('home\r\n');
    leg1.send('home');
    await gone(first);
    await modem.hangUp();
    assert.ok(await modem.waitForRing(LONG), site.run('audit', 'list', '--json').stdout);
    const leg2 = new Script(callOf(await modem.answer(LONG)));
    for (const [awaited, answer] of [
      ['ogin:', 'alice@else.test'],
      ['assword:', 'secret of else.test'],
      ['incorrect', ''],
      ['ogin:', 'alice@gate.test'],
      ['assword:', 'secret of gate.test'],
    ] as const) {
      await leg2.expect(awaited);
      if (answer !== '') leg2.send(answer);
    }
    await leg2.expect('>');
    assert.match(site.run('who').stdout, /alice@gate\.test/);
    leg2.send('exit');
    await running.stop();
  });

  test('a server that wants another password says so, and takes the one given apart', async (t) => {
    for (const url of [server.url.replace(':s%40cret', ''), server.url.replace('s%40cret', 'wrong')]) {
      const options = storageOptions(t, () => url);
      await assert.rejects(openStorage(options), { code: 'STORAGE_PASSWORD' });
      await assert.rejects(openStorage({ ...options, password: 'wrong too' }), { code: 'STORAGE_PASSWORD' });
      const storage = await openStorage({ ...options, password: 's@cret' });
      assert.equal(await storage.users.count(), 0);
      await storage.close();
    }
  });
}

async function siteOn(t: TestContext, url: string, yaml = ''): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-script-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(folder, 'ser.cfg');
  writeFileSync(script, SCRIPT(url));
  return makeSite(t, { script, domains: ['gate.test'], yaml });
}

if (mariadbMissing) test('users of an attached database', { skip: mariadbMissing }, () => {});
else suite();
