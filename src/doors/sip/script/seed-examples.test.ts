/** The examples of OpenSER's auth manual, put together to a script, from text to verdict. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modules } from '../modules/modules.ts';
import { loadScript } from './load.ts';

const HEAD = `loadmodule "sl.so" loadmodule "tm.so" loadmodule "usrloc.so" loadmodule "registrar.so"
loadmodule "auth.so" loadmodule "auth_db.so"
modparam("auth", "secret", "johndoessecretphrase")
modparam("auth", "nonce_expire", 600)
modparam("auth", "rpid_prefix", "Whatever <")
modparam("auth", "rpid_suffix", "@1.2.3.4>")
modparam("auth", "realm_prefix", "sip.")
modparam("auth", "rpid_avp", "$avp(i:13)")
modparam("auth", "username_spec", "$var(username)")
modparam("auth", "password_spec", "$avp(s:password)")
modparam("auth", "calculate_ha1", 1)
`;

const errorsOf = (body: string) =>
  loadScript(`${HEAD}route {\n${body}\n}`, { file: 'ser.cfg', modules }).problems.filter(
    ({ severity }) => severity === 'error',
  );

test('they load as they stand, misprints corrected', () => {
  assert.deepEqual(
    errorsOf(`
      $var(username)="abc";
      $avp(s:password)="xyz";
      if (!pv_www_authorize("openser.org")) { www_challenge("openser.org", "1"); };
      if (!pv_proxy_authorize("")) { proxy_challenge("", "1"); };
      if (!proxy_authorize("$fd", "subscriber")) { proxy_challenge("$fd", "1"); };
      consume_credentials();
      if (is_rpid_user_e164()) { append_rpid_hf(); };
      append_rpid_hf("", ";party=calling;id-type=subscriber;screen=yes");
      if (!lookup("location")) {
        switch ($retcode) {
          case -1: case -3: t_newtran(); t_reply("404", "Not Found"); exit;
          case -2: sl_send_reply("405", "Method Not Allowed"); exit;
        };
      };
      t_relay();`),
    [],
  );
});

test('a challenge in a condition is told to end the script', () => {
  const { problems } = loadScript(`${HEAD}route { if (www_challenge("", "1")) { exit; } }`, {
    file: 'ser.cfg',
    modules,
  });
  assert.deepEqual(
    problems.filter(({ code }) => code === 'SCRIPT_ENDS').map(({ line, column }) => [line, column]),
    [[12, 13]],
  );
});

test('where a function may not be used is told for each route it can be reached from', () => {
  const problems = errorsOf(
    't_on_failure("1"); route(1); }\nfailure_route[1] { route(1); }\nroute[1] { www_challenge("", "1");',
  );
  assert.deepEqual(
    problems.map(({ line, code }) => [line, code]),
    [[15, 'SCRIPT_FUNCTION']],
  );
  assert.match(problems[0]!.cause!, /called from a failure route/);
  const missing = errorsOf('t_on_failure("1");');
  assert.match(missing[0]!.message, /no failure_route\[1\]/);
  const later = errorsOf('if (is_request()) { t_relay(); } t_write_req("fifo", "x");');
  assert.deepEqual(
    later.map(({ code }) => code),
    ['SCRIPT_KAMAILIO', 'SCRIPT_UNSUPPORTED'],
  );
});
