import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modules } from '../modules/modules.ts';
import { loadScript } from './load.ts';

const MODULES = ['sl', 'tm', 'rr', 'usrloc', 'registrar', 'auth', 'auth_db', 'textops', 'xlog', 'domain', 'permissions']
  .map((name) => `loadmodule "${name}.so"`)
  .join(' ');
const DURABLE = ' modparam("usrloc", "db_mode", 2) ';
const AUTH = 'if (!proxy_authorize("", "subscriber")) { proxy_challenge("", "1"); exit; }';

/** Warnings as `line CODE`; the text begins in line 2. */
function warnings(text: string, before = DURABLE): string[] {
  const { script, problems } = loadScript(`${MODULES}${before}route {\n${text}\n}`, { file: 'ser.cfg', modules });
  assert.ok(script, JSON.stringify(problems));
  return problems.map(({ code, line }) => `${line} ${code.replace('SCRIPT_', '')}`);
}

/** What the only warning of this kind says. */
function said(code: string, text: string): string {
  const { problems } = loadScript(`${MODULES}${DURABLE}route {\n${text}\n}`, { file: 'ser.cfg', modules });
  const found = problems.filter((problem) => problem.code === `SCRIPT_${code}`);
  assert.equal(found.length, 1, JSON.stringify(problems));
  return `${found[0]!.message}; ${found[0]!.cause}`;
}

test('a request of a stranger to any host is an open relay, one to a known place only unauthenticated', () => {
  assert.deepEqual(warnings('t_relay();'), ['2 OPEN_RELAY']);
  assert.deepEqual(warnings('forward(uri:host, uri:port);'), ['2 OPEN_RELAY']);
  for (const known of [
    'forward(192.0.2.1);',
    't_relay("udp:192.0.2.1:5060");',
    't_relay_to_udp("192.0.2.1", "5060");',
    'if (uri==myself) t_relay();',
    'if ($rd==myself) t_relay();',
    'if (is_uri_host_local()) t_relay();',
    'if (lookup("location")) t_relay();',
    'rewritehostport("gw.example:5060"); t_relay();',
    '$du = "sip:192.0.2.1"; t_relay();',
    '$rd = "gw.example"; t_relay();',
  ]) {
    assert.deepEqual(warnings(known), ['2 UNAUTHENTICATED'], known);
  }
  assert.deepEqual(warnings('if (uri!=myself) t_relay();'), ['2 OPEN_RELAY']);
  assert.deepEqual(warnings('if (!lookup("location")) t_relay();'), ['2 OPEN_RELAY']);
});

test('what proves the sender, or answers, closes a way', () => {
  for (const closed of [
    `${AUTH}\nt_relay();`,
    'if (src_ip==192.0.2.0/24) t_relay();',
    'if (src_ip!=192.0.2.1) exit; t_relay();',
    'if ($si=="192.0.2.1") t_relay();',
    'if (pv_proxy_authorize("r")) t_relay();',
    'if (allow_trusted()) t_relay();',
    // A request that had its final answer cannot be relayed any more.
    'if (!proxy_authorize("", "subscriber")) { sl_send_reply("403", "No"); } t_relay();',
    'if (!proxy_authorize("", "subscriber")) { proxy_challenge("", "1"); } t_relay();',
    'if (method=="ACK" || method=="CANCEL") t_relay();',
    'exit; t_relay();',
    'return(0); t_relay();',
  ]) {
    assert.deepEqual(warnings(closed), [], closed);
  }
  assert.deepEqual(warnings('sl_send_reply("100", "Trying"); t_relay();'), ['2 OPEN_RELAY']);
  // SER: the 0 of a challenge goes on behind route(1), but the request has its answer.
  assert.deepEqual(
    warnings('route(1); t_relay(); } route[1] { if (!proxy_authorize("", "x")) { proxy_challenge("", "1"); }'),
    [],
  );
  assert.deepEqual(warnings('sl_send_reply("403", "No"); save("location");'), ['2 UNAUTHENTICATED']);
});

test('a script in the style of OpenSER 1.3 with domain and permissions has no hole', () => {
  const text = `
    if (!is_method("REGISTER")) record_route();
    if (loose_route()) { t_relay(); exit; }
    if (is_method("CANCEL")) { t_relay(); exit; }
    if (is_method("REGISTER")) {
      if (!www_authorize("", "subscriber")) { www_challenge("", "1"); exit; }
      save("location");
      exit;
    }
    if (!allow_trusted()) {
      if (!is_from_local() && !is_uri_host_local()) { sl_send_reply("403", "Not relaying"); exit; }
      if (!proxy_authorize("", "subscriber")) { proxy_challenge("", "1"); exit; }
      consume_credentials();
    }
    if (!is_uri_host_local()) { t_relay(); exit; }
    if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
    t_relay();`;
  assert.deepEqual(
    warnings(text).filter((one) => !one.endsWith('PRELOADED_ROUTE')),
    [],
  );
});

test('methods that are never authenticated while others are', () => {
  const forgotten = `if (method=="INVITE") { ${AUTH} }\nif (uri==myself) t_relay();`;
  assert.deepEqual(warnings(forgotten), ['2 NEVER_AUTHENTICATED', '3 UNAUTHENTICATED']);
  assert.match(said('NEVER_AUTHENTICATED', forgotten), /^all methods but INVITE are never asked.*INVITE come.*line 3$/);
  assert.doesNotMatch(said('NEVER_AUTHENTICATED', forgotten), /registered/);
  const found = `if (method=="INVITE") { ${AUTH} }\nlookup("location"); t_relay();`;
  assert.match(said('NEVER_AUTHENTICATED', found), /line 3; what OPTIONS is answered tells anybody who is registered$/);
  const some = `if (!(method=="MESSAGE" || method=="REFER")) { ${AUTH} }\nt_relay();`;
  assert.match(said('NEVER_AUTHENTICATED', some), /^MESSAGE, REFER are never asked/);
  assert.deepEqual(warnings(`if (method=="REGISTER") { save("location"); exit; } ${AUTH} t_relay();`), [
    '2 UNAUTHENTICATED',
  ]);
  assert.deepEqual(warnings('t_relay();'), ['2 OPEN_RELAY']);
  // Authenticated on one way and open on another: that is told where it is open.
  assert.deepEqual(warnings(`if (uri!=myself) { t_relay(); exit; }\n${AUTH}\nt_relay();`), ['2 OPEN_RELAY']);
});

test('conditions on the method, however they are written', () => {
  for (const only of [
    'method=="INVITE"',
    '$rm=="INVITE"',
    'is_method("INVITE")',
    'method=~"^INVITE$"',
    '!(method!="INVITE")',
  ]) {
    assert.match(said('OPEN_RELAY', `if (${only}) t_relay();`), /^strangers can send INVITE to/, only);
  }
  assert.match(said('OPEN_RELAY', 'if (is_method("INFO|PRACK")) t_relay();'), /send INFO, PRACK to/);
  assert.match(said('OPEN_RELAY', 'if (method=="PING") t_relay();'), /send other methods to/);
  assert.match(said('OPEN_RELAY', 'if (method!="PING") t_relay();'), /send all methods to/);
  assert.match(said('OPEN_RELAY', 'if (method=~"^(IN|UP)") t_relay();'), /send INVITE, INFO, UPDATE, other methods to/);
  const switched = 'switch ($rm) { case "INVITE": case "REFER": t_relay(); break; default: exit; }';
  assert.match(said('OPEN_RELAY', switched), /send INVITE, REFER to/);
  const rest = 'switch ($rm) { case "INVITE": exit; default: t_relay(); }';
  assert.match(said('OPEN_RELAY', rest), /send all methods but INVITE to/);
});

test('ways through loops and switches are followed', () => {
  assert.deepEqual(warnings('switch ($ru) { case "x": exit; default: break; }\nt_relay();'), ['3 OPEN_RELAY']);
  assert.deepEqual(warnings('switch ($rm) { case "x": t_relay();\n}'), ['2 OPEN_RELAY']);
  assert.deepEqual(warnings('switch ($ru) { case "x": exit; default: exit; }\nt_relay();'), []);
  assert.deepEqual(warnings('while ($var(x) < 1) { exit; }\nt_relay();'), ['3 OPEN_RELAY']);
});

test('settings that are weak', () => {
  const save = `if (!www_authorize("", "subscriber")) { www_challenge("", "1"); exit; }\nsave("location");`;
  assert.deepEqual(warnings(save), []);
  assert.deepEqual(warnings(save, ' '), ['1 MEMORY_ONLY']);
  assert.deepEqual(warnings(save, ' modparam("usrloc", "db_mode", 0) '), ['1 MEMORY_ONLY']);
  assert.deepEqual(warnings(save.replace('"1"', '"0"')), ['2 REPLAY']);
  const passwords = (ha1: number, column: string) =>
    warnings(save, `${DURABLE}modparam("auth_db", "calculate_ha1", ${ha1})${column} `);
  assert.deepEqual(passwords(1, ''), ['1 PASSWORD_COLUMN']);
  assert.deepEqual(passwords(1, ' modparam("auth_db", "password_column", "password")'), ['1 CLEAR_PASSWORDS']);
  assert.deepEqual(passwords(0, ' modparam("auth_db", "password_column", "password")'), ['1 PASSWORD_COLUMN']);
  assert.deepEqual(passwords(0, ''), []);
});

test('a 0 that nobody will ever see', () => {
  for (const never of ['if ($rc==0) exit;', 'if (retcode == 0) exit;', 'switch ($retcode) { case 0: exit; }']) {
    assert.deepEqual(warnings(`www_authorize("", "subscriber"); ${never}`), ['2 NEVER_TRUE'], never);
  }
  assert.deepEqual(warnings('www_authorize("", "subscriber"); if ($rc < 0) exit;'), []);
  assert.deepEqual(warnings('if (route(1)) exit; } route[1] {\nreturn(0);'), ['3 ENDS']);
  assert.deepEqual(warnings('if (route(1)) exit; } route[1] {\nreturn(-1);'), []);
  assert.deepEqual(warnings('route(1); } route[1] {\nreturn(0);'), []);
  assert.deepEqual(warnings('if (www_challenge("", "1")) break;'), ['2 ENDS']);
});
