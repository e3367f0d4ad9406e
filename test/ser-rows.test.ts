/** Rows that administration gives a running script: groups, aliases and AVPs count with the next message. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { final, register, request, sipClient, statusOf } from './sip-client.ts';
import { DOMAIN, sipLab } from './sip-lab.ts';

const SCRIPT = `
loadmodule "sl.so"
loadmodule "group.so"
loadmodule "alias_db.so"
loadmodule "avpops.so"
modparam("group", "table", "who_may")
modparam("group", "group_column", "what")
route {
  if (is_user_in("From", "ld")) { sl_send_reply("200", "in"); exit; }
  if (alias_db_lookup("dbaliases")) { sl_send_reply("299", "alias"); exit; }
  if (avp_db_load("$fu", "$avp(s:lang)")) { sl_send_reply("202", "avp"); exit; }
  sl_send_reply("403", "out");
}`;
/** Somebody else's table, with columns of other names. */
const TABLES = 'CREATE TABLE who_may (username TEXT NOT NULL, domain TEXT NOT NULL, what TEXT NOT NULL)';

test('rows given and taken count with the next message, and stand in the audit trail', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-rows-'));
  const { administration, udp } = await sipLab(t, { script: SCRIPT, folder, tables: TABLES });
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const phone = await sipClient(t, udp);
  const ask = async (user: string) => {
    phone.send(request(phone, { method: 'OPTIONS', uri: `sip:desk@${udp}`, from: `sip:${user}@a`, to: 'sip:desk@a' }));
    return statusOf(await final(phone, 20_000));
  };
  assert.equal(await ask('1000'), 403);
  const member = { username: '1000', domain: 'a', grp: 'ld' };
  await administration.addRow('acl', member);
  assert.equal(await ask('1000'), 200);
  assert.equal(await ask('1001'), 403);
  await assert.rejects(administration.addRow('acl', member), { code: 'ROW_EXISTS' });
  assert.deepEqual(await administration.listRows('acl', { username: '1000' }), [member]);
  assert.equal(await administration.removeRows('acl', { username: '1000' }), 1);
  assert.equal(await administration.removeRows('acl', { username: '1000' }), 0);
  assert.equal(await ask('1000'), 403);

  await administration.addRow('avp', { username: '1000', domain: 'a', attribute: 'lang', value: 'dé' });
  assert.equal(await ask('1000'), 202);
  assert.equal((await administration.listRows('avp', {}))[0]?.value, 'dé');
  await administration.addRow('alias_db', { alias_username: 'desk', username: '1000', domain: 'a' });
  assert.equal(await ask('1001'), 299);

  const trail = join(folder, 'audit');
  const lines = readdirSync(trail).flatMap((file) => readFileSync(join(trail, file), 'utf8').split('\n'));
  const events = lines.flatMap((line) => (line.includes('"list":"acl"') ? [JSON.parse(line)] : []));
  assert.deepEqual(
    events.map(({ action, by, username, grp }) => [action, by, username, grp]),
    [
      ['add-row', 'lab', '1000', 'ld'],
      ['remove-rows', 'lab', '1000', undefined],
    ],
  );
});

test('a caller id counts with the next message; so does what avp_db_query writes', async (t) => {
  const { administration, udp, complaints } = await sipLab(t, {
    script: `
loadmodule "sl.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
loadmodule "avpops.so"
route {
  if (method == "OPTIONS") {
    avp_db_load("$fu", "$avp(s:seen)");
    avp_db_query("insert into usr_preferences (uuid, username, domain, attribute, type, value) values ('', '$fU', '$fd', 'seen', 0, '$ua')");
    if (avp_db_query("select value, username from usr_preferences where value like '%$ua' and attribute='seen'", "$avp(s:ua);$avp(s:user)"))
      sl_send_reply("200", "$avp(s:user) $avp(s:ua)");
    else
      sl_send_reply("404", "none");
    exit;
  }
  if (!www_authorize("${DOMAIN}", "subscriber")) { www_challenge("${DOMAIN}", "1"); exit; }
  if (is_rpid_user_e164()) sl_send_reply("200", "$avp(s:rpid)");
  else sl_send_reply("202", "none");
}`,
    users: { 1000: 'password1' },
  });
  const phone = await sipClient(t, udp);
  const ask = async () => {
    const reply = await register(phone, { domain: DOMAIN, user: '1000', password: 'password1' }, 20_000);
    return reply?.split('\r\n')[0];
  };
  assert.equal(await ask(), 'SIP/2.0 202 none');
  await administration.setRpid('1000', 'sip:+12025550100@gate.test');
  assert.equal(await ask(), 'SIP/2.0 200 sip:+12025550100@gate.test');
  await administration.setRpid('1000', '');
  assert.equal(await ask(), 'SIP/2.0 202 none');
  await assert.rejects(administration.setRpid('1000', 'x\r\nEvil: 1'), { code: 'RPID_INVALID' });
  const agent = "it's; DROP TABLE usr_preferences";
  const headers = [`User-Agent: ${agent}`];
  phone.send(request(phone, { method: 'OPTIONS', uri: `sip:${udp}`, from: 'sip:1000@a', to: `sip:${udp}`, headers }));
  assert.match((await final(phone, 20_000))!, /^SIP\/2\.0 200 1000 it's; DROP TABLE usr_preferences\r\n/);
  assert.deepEqual(complaints, []);
});

test('tables that are read only on command, and who sends too much', async (t) => {
  const { administration, udp } = await sipLab(t, {
    script: `
loadmodule "sl.so"
loadmodule "domain.so"
loadmodule "permissions.so"
loadmodule "pike.so"
modparam("domain", "db_mode", 1)
modparam("permissions", "db_mode", 1)
modparam("pike", "reqs_density_per_unit", 2)
modparam("pike", "sampling_time_unit", 3600)
route {
  pike_check_req();
  if (is_from_local()) { sl_send_reply("200", "served"); exit; }
  if (allow_trusted()) { sl_send_reply("202", "trusted"); exit; }
  if (allow_source_address("7")) { sl_send_reply("299", "in the group"); exit; }
  sl_send_reply("403", "out");
}`,
  });
  const phone = await sipClient(t, udp);
  const ask = async (domain: string) => {
    phone.send(request(phone, { method: 'OPTIONS', uri: `sip:${udp}`, from: `sip:1000@${domain}`, to: `sip:${udp}` }));
    return statusOf(await final(phone, 20_000));
  };
  const tell = async (name: string, ...args: string[]) => {
    const { status, lines } = await administration.manage(name, args);
    return [status, ...lines];
  };
  await administration.addRow('domain', { domain: 'Here.example' });
  await administration.addRow('trusted', { src_ip: '127.0.0.1', proto: 'udp', from_pattern: '^sip:.*@friend' });
  await administration.addRow('address', { grp: 7, ip_addr: '127.0.0.0', mask: 8, port: 0 });
  assert.equal(await ask('here.example'), 403);
  assert.deepEqual(await tell('domain_dump'), [200]);
  for (const name of ['domain_reload', 'trusted_reload', 'address_reload']) assert.deepEqual(await tell(name), [200]);
  assert.equal(await ask('here.example'), 200);
  assert.deepEqual(await tell('pike_list'), [200]);
  assert.equal(await ask('friend.example'), 202);
  assert.equal(await ask('a.stranger'), 299);
  assert.deepEqual(await tell('domain_dump'), [200, 'here.example']);
  assert.deepEqual(await tell('trusted_dump'), [200, '<127.0.0.1, udp, ^sip:.*@friend, >']);
  assert.deepEqual(await tell('address_dump'), [200, '<7, 127.0.0.0, 8, 0>']);
  assert.deepEqual(await tell('pike_list'), [200, '127.0.0.1: 4, 0']);
});

test('what a script could not use is refused', async (t) => {
  const { administration } = await sipLab(t, { script: SCRIPT.replaceAll(/modparam.*/g, '') });
  const refused = async (list: Parameters<typeof administration.addRow>[0], row: object, code: string) =>
    assert.rejects(administration.addRow(list, row as never), { code }, `${list} ${JSON.stringify(row)}`);
  assert.equal((await administration.manage('domain_reload', [])).status, 404);
  await refused('domain', { domain: 'a.example' }, 'ROWS_UNUSED');
  await refused('acl', { username: '1000' }, 'ROW_INVALID');
  await refused('acl', { username: '10 00', grp: 'ld' }, 'BAD_LOGIN');
  await refused('acl', { username: '1000', grp: 'l\nd' }, 'ROW_INVALID');
  await refused('acl', { username: '1000', grp: 'x'.repeat(65) }, 'STORAGE_REFUSED');
  await refused('acl', { username: '1000', grp: 'ld', action: 'x' }, 'ROW_INVALID');
  await refused('avp', { username: '1000', attribute: 'a', value: 'b', type: 4 }, 'ROW_INVALID');
  await refused('avp', { attribute: 'a', value: 'b' }, 'ROW_INVALID');
  await assert.rejects(administration.removeRows('acl', {}), { code: 'ROW_INVALID' });
  await assert.rejects(administration.listRows('acl', { 'grp" = 1 --': 'x' }), { code: 'ROW_INVALID' });
});
