/**
 * Two servers beside each other on the tables of one MariaDB (usrloc's db_mode 3): what one has saved the other finds. And their accounts:
 * a call, a hang-up, a failed call and a call to nobody, in the log and in the tables.
 */
// peers: mariadb
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { final, header, reply, request, type SipClient, sipClient, statusOf } from '../sip-client.ts';
import { folderFor } from './children.ts';
import { type Instance, makeSite } from './gatehouse.ts';
import { mariadbMissing, startMariadb } from './mariadb.ts';

const DOMAIN = 'gate.test';
const BOB = `sip:bob@${DOMAIN}`;

const ACC = (table: string) => `CREATE TABLE ${table} (id int unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL,
  method varchar(16) NOT NULL DEFAULT '', from_tag varchar(64) NOT NULL DEFAULT '', to_tag varchar(64) NOT NULL DEFAULT '',
  callid varchar(64) NOT NULL DEFAULT '', sip_code varchar(3) NOT NULL DEFAULT '', sip_reason varchar(32) NOT NULL DEFAULT '',
  time datetime NOT NULL, dst varchar(64)) ENGINE = InnoDB DEFAULT CHARSET = latin1;`;
const LOCATION = `CREATE TABLE location (id int unsigned AUTO_INCREMENT PRIMARY KEY NOT NULL, username varchar(64) NOT NULL DEFAULT '',
  domain varchar(64) NOT NULL DEFAULT '', contact varchar(255) NOT NULL DEFAULT '', received varchar(128), path varchar(128),
  expires datetime NOT NULL DEFAULT '2020-05-28 21:32:15', q float(10,2) NOT NULL DEFAULT 1.0,
  callid varchar(255) NOT NULL DEFAULT 'Default-Call-ID', cseq int NOT NULL DEFAULT 13,
  last_modified datetime NOT NULL DEFAULT '1900-01-01 00:00:01', flags int NOT NULL DEFAULT 0, cflags int NOT NULL DEFAULT 0,
  user_agent varchar(255) NOT NULL DEFAULT '', socket varchar(64), methods int,
  KEY udc (username, domain, contact)) ENGINE = InnoDB DEFAULT CHARSET = latin1;
  CREATE TABLE version (table_name varchar(32) NOT NULL, table_version int NOT NULL);`;

const SCRIPT = (url: string) => `
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "mysql.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "acc.so"
modparam("usrloc|acc", "db_url", "${url}")
modparam("usrloc", "db_mode", 3)
modparam("acc", "log_flag", 1)
modparam("acc", "log_missed_flag", 2)
modparam("acc", "db_flag", 1)
modparam("acc", "db_missed_flag", 2)
modparam("acc", "failed_transaction_flag", 3)
modparam("acc", "db_extra", "dst=$ru")
route {
  if (method=="REGISTER") { save("location"); exit; }
  setflag(1);
  setflag(2);
  setflag(3);
  if (uri==myself && !lookup("location")) {
    t_newtran();
    t_reply("404", "Nobody There");
    exit;
  }
  t_relay();
}
`;

if (mariadbMissing) test('two servers on one database', { skip: mariadbMissing }, () => {});
else
  test('two servers on one database: what one saves the other finds, and each accounts for its calls', async (t) => {
    const mariadb = await startMariadb(t);
    await mariadb.sql(`CREATE DATABASE ser; USE ser; ${LOCATION} ${ACC('acc')} ${ACC('missed_calls')}`);
    const rows = async (sql: string) => (await mariadb.sql(`USE ser; ${sql}`)).trimEnd();
    const folder = folderFor(t, 'gatehouse-two');
    const script = join(folder, 'ser.cfg');
    writeFileSync(script, SCRIPT(mariadb.url.replace(/gatehouse$/, 'ser')));
    const [one, two] = [await makeSiteOn('one'), await makeSiteOn('two')];
    const bob = await sipClient(t, one.site.sip);
    const alice = await sipClient(t, two.site.sip);
    // Answers go to where the request came from, and the socket of a client knows one server.
    const bobAtTwo = await sipClient(t, two.site.sip);
    const contact = `sip:bob@${bob.hostPort}`;

    assert.equal(await registered(bob, 600), 200);
    const call = await callTo('call-1', 200, 'OK');
    const bye = { method: 'BYE', uri: contact, from: `sip:alice@${DOMAIN}`, to: call, callId: 'call-1', cseq: 2 };
    alice.send(request(alice, bye));
    bobAtTwo.send(reply((await next(bob, 'BYE'))!, 200, 'OK'));
    assert.equal(statusOf(await final(alice)), 200);
    await callTo('call-2', 486, 'Busy Here');

    // Removed at one server, gone at the other at once.
    assert.equal(await registered(bobAtTwo, 0), 200);
    alice.send(invite('call-3'));
    assert.equal(statusOf(await final(alice)), 404);

    const written = 'SELECT callid, method, sip_code, sip_reason, dst FROM';
    const relayed = `sip:bob@${bob.hostPort}`;
    await becomes(
      () => rows(`${written} acc ORDER BY id`),
      [
        `call-1\tINVITE\t200\tOK\t${relayed}`,
        `call-1\tBYE\t200\tOK\t${relayed}`,
        `call-2\tINVITE\t486\tBusy Here\t${relayed}`,
        `call-3\tINVITE\t404\tNobody There\t${BOB}`,
      ],
    );
    await becomes(
      () => rows(`${written} missed_calls ORDER BY id`),
      [`call-2\tINVITE\t486\tBusy Here\t${relayed}`, `call-3\tINVITE\t404\tNobody There\t${BOB}`],
    );
    await becomes(
      async () => accountsIn(two.server).join('\n'),
      [
        'call-1 INVITE 200',
        'call-1 BYE 200',
        'call-2 INVITE 486',
        'call-2 INVITE 486',
        'call-3 INVITE 404',
        'call-3 INVITE 404',
      ],
    );
    assert.deepEqual(accountsIn(one.server), []);

    async function makeSiteOn(name: string) {
      const database = `sqlite:${join(folder, `${name}.db`)}`;
      const site = await makeSite(t, { script, database, domains: [DOMAIN] });
      return { site, server: await site.start() };
    }

    async function registered(client: SipClient, expires: number): Promise<number> {
      const headers = [`Contact: <${contact}>;expires=${expires}`];
      client.send(request(client, { method: 'REGISTER', uri: `sip:${DOMAIN}`, from: BOB, to: BOB, headers }));
      return statusOf(await final(client));
    }

    function invite(callId: string): string {
      return request(alice, { method: 'INVITE', uri: BOB, from: `sip:alice@${DOMAIN}`, to: BOB, callId });
    }

    /** Bob answers; gives To as it stands in the answer. */
    async function callTo(callId: string, status: number, reason: string): Promise<string> {
      alice.send(invite(callId));
      const ringing = (await next(bob, 'INVITE'))!;
      assert.match(ringing, new RegExp(`^INVITE ${contact} `));
      bobAtTwo.send(reply(ringing, status, reason));
      const answer = (await final(alice))!;
      assert.equal(statusOf(answer), status, answer);
      const to = header(answer, 'To')!;
      alice.send(request(alice, { method: 'ACK', uri: contact, from: `sip:alice@${DOMAIN}`, to, callId }));
      return to;
    }
  });

/** Repetitions and the ACKs of other requests are passed over. */
async function next(client: SipClient, method: string): Promise<string | undefined> {
  for (;;) {
    const message = await client.receive(20_000);
    if (message === undefined || message.startsWith(`${method} `)) return message;
  }
}

/** Lines of the log: Call-ID, method, code. */
function accountsIn(server: Instance): string[] {
  const lines = server.output().split('\n');
  return lines.flatMap((line) => {
    if (!line.includes('ACC: ')) return [];
    const field = (name: string) => new RegExp(`"?${name}"?[=:]"?([^" ,}]+)`).exec(line)?.[1];
    return [[field('call_id'), field('method'), field('code')].join(' ')];
  });
}

async function becomes(read: () => Promise<string>, wanted: readonly string[]): Promise<void> {
  let seen = '';
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(100)) {
    seen = await read();
    if (seen === wanted.join('\n')) return;
  }
  assert.deepEqual(seen.split('\n'), wanted);
}
