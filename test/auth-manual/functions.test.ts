/** Each function of `auth` as the manual has it, seen on the wire. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { auth } from '../../src/doors/sip/modules/auth/module.ts';
import { modules } from '../../src/doors/sip/modules/modules.ts';
import { loadScript } from '../../src/doors/sip/script/load.ts';
import { header, statusOf } from '../sip-client.ts';
import { DOMAIN } from '../sip-lab.ts';
import { FUNCTIONS, printedExamples, testExample } from './examples.ts';
import { ALICE, answerTo, assertPlaces, parameterOf, Scene, scriptOf, TELL_RESULT } from './scene.ts';

const RPID = 'sip:+4930123@hotel.example';
const SPECS = `modparam("auth", "username_spec", "$var(username)")
  modparam("auth", "password_spec", "$avp(s:password)")
  modparam("auth", "calculate_ha1", 1)`;
const tested = new Set<string>();

function documented(name: string, check: (t: TestContext, example: string) => Promise<void>): void {
  tested.add(name);
  testExample(FUNCTIONS, name, check);
}

/** The realm that an example names. */
function realmOf(example: string): string {
  return /_(?:challenge|authorize)\("([^"]*)"/.exec(example)![1]!;
}

/** The whole header of the challenge, its nonce apart. */
function challengeLine(response: string): string | undefined {
  return response
    .split('\r\n')
    .find((line) => line.includes('-Authenticate:'))
    ?.replace(/nonce="[0-9a-f]{40}"/, 'nonce="…"');
}

documented('www_challenge', async (t, example) => {
  const scene = await Scene.open(t, { body: `${example} sl_send_reply("200", "OK");` });
  const challenge = await scene.ask('REGISTER');
  assert.match(challenge, /^SIP\/2\.0 401 Unauthorized\r\n/);
  assert.equal(challengeLine(challenge), `WWW-Authenticate: Digest realm="${realmOf(example)}", nonce="…", qop="auth"`);
  assert.equal(statusOf(await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER')])), 200);
});

documented('proxy_challenge', async (t, example) => {
  const scene = await Scene.open(t, { body: `${example} sl_send_reply("200", "OK");` });
  for (const method of ['MESSAGE', 'REGISTER']) {
    const challenge = await scene.ask(method, [], { to: 'sip:alice@elsewhere.example' });
    assert.match(challenge, /^SIP\/2\.0 407 Proxy Authentication Required\r\n/);
    assert.equal(challengeLine(challenge), `Proxy-Authenticate: Digest realm="${DOMAIN}", nonce="…", qop="auth"`);
    assert.equal(statusOf(await scene.ask(method, [answerTo(challenge, method)])), 200);
  }
});

test('www_challenge, realm "": the domain of To for REGISTER, of From for all else', async (t) => {
  const scene = await Scene.open(t, { body: 'www_challenge("", "0");' });
  const addresses = { from: 'sip:a@From.example', to: 'sip:a@To.example' };
  const realm = async (method: string) => parameterOf(await scene.ask(method, [], addresses), 'realm');
  assert.deepEqual([await realm('REGISTER'), await realm('MESSAGE')], ['to.example', 'from.example']);
});

for (const [name, text, realm] of [
  ['a text around variables', '$rm at $fd', `MESSAGE at ${DOMAIN}`],
  ['a variable', '$td', 'elsewhere.example'],
  ['one without value', '$avp(s:none)', '<null>'],
  ['a line end in it', '$(avp(s:bad){s.decode.hexa})', 'x  Evil: 1'],
] as const) {
  test(`variables in the realm, ${name}`, async (t) => {
    const body = `$avp(s:bad) = "780d0a4576696c3a2031";
      if (!proxy_authorize("${text}", "subscriber")) { proxy_challenge("${text}", "1"); exit; };
      sl_send_reply("200", "OK");`;
    const scene = await Scene.open(t, { body });
    const challenge = await scene.ask('MESSAGE', [], { to: 'sip:bob@elsewhere.example' });
    assert.equal(header(challenge, 'Evil'), undefined);
    assert.equal(parameterOf(challenge, 'realm'), realm);
    if (realm.includes('Evil')) return;
    const credentials = answerTo(challenge, 'MESSAGE');
    assert.equal(statusOf(await scene.ask('MESSAGE', [credentials], { to: 'sip:bob@elsewhere.example' })), 200);
  });
}

test('qop "0" and "1"; what a telephone answers to each is taken', async (t) => {
  for (const [qop, line] of [
    ['0', ''],
    ['1', ', qop="auth"'],
  ] as const) {
    const scene = await Scene.open(t, {
      body: `if (!www_authorize("", "subscriber")) { www_challenge("", "${qop}"); exit; }; sl_send_reply("200", "OK");`,
    });
    const challenge = await scene.ask('REGISTER');
    assert.equal(challengeLine(challenge), `WWW-Authenticate: Digest realm="${DOMAIN}", nonce="…"${line}`);
    const credentials = answerTo(challenge, 'REGISTER');
    assert.equal(credentials.includes('qop='), qop === '1');
    assert.equal(statusOf(await scene.ask('REGISTER', [credentials])), 200);
    // A replay: with qop it is seen, and the telephone told to compute anew; without it, it cannot be.
    const again = await scene.ask('REGISTER', [credentials]);
    assert.deepEqual([statusOf(again), parameterOf(again, 'stale')], qop === '1' ? [401, 'true'] : [200, undefined]);
  }
});

documented('consume_credentials', async (t, example) => {
  const scene = await Scene.open(t, {
    body: `if (method=="REGISTER") { www_challenge("", "1"); exit; }; ${example} t_relay();`,
  });
  const challenge = await scene.ask('REGISTER');
  const own = answerTo(challenge, 'MESSAGE');
  const others = 'Authorization: Digest username="x", realm="elsewhere.example", nonce="n", uri="sip:x", response="r"';
  const sent = await scene.relayed([others, own]);
  assert.deepEqual(
    sent.split('\r\n').filter((line) => line.startsWith('Authorization')),
    [others],
  );
  const wrong = answerTo(challenge, 'MESSAGE', { ...ALICE, password: 'wrong' }, 2);
  assert.ok((await scene.relayed([wrong])).includes(wrong), 'what was not authorised stays');
});

test('one message may be asked for its credentials twice: they are no replay of themselves', async (t) => {
  const scene = await Scene.open(t, {
    body: `if (!www_authorize("", "subscriber")) { www_challenge("", "1"); exit; };
      if (!www_authorize("", "subscriber")) { sl_send_reply("500", "Now it is wrong"); exit; };
      sl_send_reply("200", "OK");`,
  });
  const challenge = await scene.ask('REGISTER');
  const credentials = answerTo(challenge, 'REGISTER');
  assert.equal(statusOf(await scene.ask('REGISTER', [credentials])), 200);
  assert.equal(parameterOf(await scene.ask('REGISTER', [credentials]), 'stale'), 'true');
});

documented('is_rpid_user_e164', async (t, example) => {
  const told = example.replace(/#.*/, 'sl_send_reply("200", "Number"); exit;');
  const scene = await Scene.open(t, {
    body: `$avp(s:rpid) = $hdr(X-Rpid); ${told} sl_send_reply("404", "No Number");`,
  });
  for (const [rpid, status] of [
    ['sip:+49@x.example', 200],
    ['"Front desk" <sip:+123456789012345@x.example>;party=calling', 200],
    ['sip:+1234567890123456@x.example', 404],
    ['sip:4930123@x.example', 404],
    ['sip:+49a30@x.example', 404],
    ['+4930123', 404],
  ] as const) {
    assert.equal(statusOf(await scene.ask('OPTIONS', [`X-Rpid: ${rpid}`])), status, rpid);
  }
  assert.equal(statusOf(await scene.ask('OPTIONS')), 404, 'no value');
});

documented('append_rpid_hf', async (t, example) => {
  const whole = `${RPID};party=calling;id-type=subscriber;screen=yes`;
  const value = `$avp(s:rpid) = "${RPID}";`;
  const request = await Scene.open(t, { body: `${value} ${example} t_relay();` });
  assert.equal(header(await request.relayed(), 'Remote-Party-ID'), whole);
  const branch = await Scene.open(t, {
    body: `${value} t_on_branch("1"); t_relay();`,
    routes: `branch_route[1] { ${example} }`,
  });
  assert.equal(header(await branch.relayed(), 'Remote-Party-ID'), whole);
  const failure = await Scene.open(t, {
    body: `${value} t_on_failure("1"); t_relay();`,
    routes: `failure_route[1] { ${example} append_branch(); t_relay(); }`,
  });
  const first = await failure.relayed();
  assert.equal(header(first, 'Remote-Party-ID'), undefined);
  failure.reply(first, '480 Not Now');
  assert.equal(header((await failure.nextHop.receive())!, 'Remote-Party-ID'), whole);
  const none = await Scene.open(t, { body: `${example} t_relay();` });
  assert.equal(header(await none.relayed(), 'Remote-Party-ID'), undefined);
});

documented('append_rpid_hf(prefix, suffix)', async (t, example) => {
  const [, prefix, suffix] = /append_rpid_hf\("([^"]*)", "([^"]*)"\)/.exec(example)!;
  const scene = await Scene.open(t, {
    parameters: 'modparam("auth", "rpid_prefix", "not this")\nmodparam("auth", "rpid_suffix", "nor that")',
    body: `$avp(s:rpid) = "${RPID}"; ${example} t_relay();`,
  });
  assert.equal(header(await scene.relayed(), 'Remote-Party-ID'), prefix + RPID + suffix);
});

documented('pv_www_authorize', async (t, example) => {
  const scene = await Scene.open(t, { parameters: SPECS, body: `${example} sl_send_reply("200", "OK");` });
  const challenge = await scene.ask('MESSAGE');
  assert.deepEqual([statusOf(challenge), parameterOf(challenge, 'realm')], [401, realmOf(example)]);
  const status = async (user: string, password: string) =>
    statusOf(await scene.ask('MESSAGE', [answerTo(challenge, 'MESSAGE', { user, password })]));
  assert.equal(await status('abc', 'wrong'), 401);
  assert.equal(await status('alice', 'wonderland'), 401, 'users of tables do not count');
  assert.equal(await status('abc', 'xyz'), 200);
});

documented('pv_proxy_authorize', async (t, example) => {
  const scene = await Scene.open(t, { parameters: SPECS, body: `${example} sl_send_reply("200", "OK");` });
  const challenge = await scene.ask('REGISTER', [], { to: 'sip:abc@elsewhere.example' });
  assert.deepEqual([statusOf(challenge), parameterOf(challenge, 'realm')], [407, DOMAIN]);
  const status = async (user: string, password: string) =>
    statusOf(await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER', { user, password })]));
  assert.deepEqual([await status('abc', 'wrong'), await status('abc', 'xyz')], [407, 200]);
});

for (const [name, method] of [
  ['pv_www_authorize', 'www_challenge'],
  ['pv_proxy_authorize', 'proxy_challenge'],
] as const) {
  test(`${name}: each result is reached by a message`, async (t) => {
    const open = (parameters: string) =>
      Scene.open(t, {
        parameters,
        body: `if (method=="OPTIONS") { ${method}("", "1"); exit; };
          $var(username) = "abc"; $avp(s:password) = "xyz"; ${name}(""); ${TELL_RESULT}`,
      });
    const scene = await open(SPECS);
    const challenge = await scene.ask('OPTIONS');
    const result = async (user: string, password: string, change = (line: string) => line, at = scene) =>
      statusOf(await at.ask('MESSAGE', [change(answerTo(challenge, 'MESSAGE', { user, password }))]));
    assert.equal(await result('abc', 'xyz'), 200);
    assert.equal(await result('somebody', 'xyz'), 481);
    assert.equal(await result('abc', 'wrong'), 482);
    assert.equal(await result('abc', 'xyz', (line) => line.replace(/nonce="./, 'nonce="f')), 483, 'not ours');
    assert.equal(statusOf(await scene.ask('MESSAGE')), 484);
    assert.equal(await result('abc', 'xyz', (line) => line.replace('realm="', 'realm="x')), 484, 'for another realm');
    assert.equal(await result('abc', 'xyz', (line) => line.replace('response=', 'respond=')), 400, 'malformed: 0');
    scene.lab.advance(302_000);
    assert.equal(await result('abc', 'xyz'), 483, 'expired');
    const unusable = await open(SPECS.replace('"calculate_ha1", 1', '"calculate_ha1", 0'));
    const own = await unusable.ask('OPTIONS');
    const answered = answerTo(own, 'MESSAGE', { user: 'abc', password: 'xyz' });
    assert.equal(statusOf(await unusable.ask('MESSAGE', [answered])), 485, '"xyz" is no HA1');
    assert.match(unusable.lab.complaints.join(), /holds no HA1/);
  });
}

test('where a function may stand is checked when the file is read', () => {
  for (const { name, arity, routes } of auth.functions) {
    const args = Array.from({ length: Math.max(...arity) }, (_, i) => (i === 1 ? '"1"' : '""'));
    assertPlaces(`${name}(${args.join(', ')});`, routes);
    const documented = name === 'append_rpid_hf' ? ['request', 'failure', 'branch'] : ['request'];
    assert.deepEqual(routes, documented, name);
  }
});

const printed = printedExamples();
if (printed)
  test('the manual as printed: a lost quote is refused with its place', () => {
    assert.equal(printed.size, 17);
    for (const name of ['proxy_challenge', 'consume_credentials']) {
      const text = scriptOf({ body: printed.get(name)! });
      const [error] = loadScript(text, { file: 'ser.cfg', modules }).problems;
      const line = text.split('\n').findIndex((one) => one.includes('"subscriber)')) + 1;
      assert.deepEqual([error!.severity, error!.line], ['error', line], name);
    }
  });

test('every function that the module has was looked at', () => {
  const names = auth.functions.flatMap(({ name, arity }) =>
    arity.map((count) => (name === 'append_rpid_hf' && count === 2 ? `${name}(prefix, suffix)` : name)),
  );
  assert.deepEqual([...tested].sort(), names.sort());
});
