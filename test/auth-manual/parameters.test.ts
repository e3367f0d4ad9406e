/** Each parameter of `auth` as the manual has it, seen on the wire. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { auth } from '../../src/doors/sip/modules/auth/module.ts';
import { header, statusOf } from '../sip-client.ts';
import { DOMAIN, LabClock } from '../sip-lab.ts';
import { PARAMETERS, testExample, valueIn } from './examples.ts';
import { ALICE, answerTo, md5, parameterOf, Scene, START } from './scene.ts';

const RPID = 'sip:+4930123@hotel.example';
const DEFAULT_SUFFIX = ';party=calling;id-type=subscriber;screen=yes';
const tested = new Set<string>();

function parameter(name: string, check: (t: TestContext, example: string) => Promise<void>): void {
  tested.add(name);
  testExample(PARAMETERS, name, check);
}

function authorize(qop: '0' | '1', realm = ''): string {
  return `if (!www_authorize("${realm}", "subscriber")) { www_challenge("${realm}", "${qop}"); exit; };
    sl_send_reply("200", "OK");`;
}

/** A challenge without `stale`: the nonce is not known here. */
function assertForeign(response: string): void {
  assert.deepEqual([statusOf(response), parameterOf(response, 'stale')], [401, undefined]);
}

parameter('secret', async (t, parameters) => {
  for (const qop of ['0', '1'] as const) {
    const body = authorize(qop);
    const first = await Scene.open(t, { parameters, body });
    const second = await Scene.open(t, { parameters, body });
    const other = await Scene.open(t, { parameters: 'modparam("auth", "secret", "another")', body });
    // With qop a server takes only nonces made after its own start.
    for (const { lab } of [first, second, other]) lab.advance(2000);
    const challenge = await first.ask('REGISTER');
    const nonce = parameterOf(challenge, 'nonce')!;
    assert.equal(nonce.slice(8), md5(nonce.slice(0, 8) + valueIn(parameters)));
    const credentials = answerTo(challenge, 'REGISTER');
    assertForeign(await other.ask('REGISTER', [credentials]));
    assert.equal(statusOf(await second.ask('REGISTER', [credentials])), 200);
    assert.equal(statusOf(await first.ask('REGISTER', [credentials])), 200);
  }
});

test('without `secret` each server has its own, which outlives a restart', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-kept-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const users = { [ALICE.user]: ALICE.password };
  let challenge = '';
  await t.test('a server and a stranger', async (t) => {
    const server = await Scene.open(t, { folder, users, body: authorize('1') });
    const stranger = await Scene.open(t, { users, body: authorize('1') });
    for (const { lab } of [server, stranger]) lab.advance(2000);
    challenge = await server.ask('REGISTER');
    assertForeign(await stranger.ask('REGISTER', [answerTo(challenge, 'REGISTER')]));
    assert.equal(statusOf(await server.ask('REGISTER', [answerTo(challenge, 'REGISTER')])), 200);
  });
  await t.test('the server anew: the nonce is ours, but which counts were used with it is forgotten', async (t) => {
    const clock = new LabClock(START + 10_000);
    const server = await Scene.open(t, { folder, clock, body: authorize('1') });
    const stale = await server.ask('REGISTER', [answerTo(challenge, 'REGISTER')]);
    assert.equal(parameterOf(stale, 'stale'), 'true');
    const withoutQop = answerTo(challenge.replace(', qop="auth"', ''), 'REGISTER');
    assert.equal(statusOf(await server.ask('REGISTER', [withoutQop])), 200);
  });
});

parameter('nonce_expire', async (t, parameters) => {
  const scene = await Scene.open(t, { parameters, body: authorize('1') });
  const challenge = await scene.ask('REGISTER');
  const left = Number(valueIn(parameters)) * 1000;
  scene.lab.advance(left - 1000);
  assert.equal(statusOf(await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER')])), 200);
  scene.lab.advance(3000);
  const stale = await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER', ALICE, 2)]);
  assert.deepEqual([statusOf(stale), parameterOf(stale, 'stale')], [401, 'true']);
  const wrong = await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER', { ...ALICE, password: 'x' }, 3)]);
  assert.equal(parameterOf(wrong, 'stale'), undefined, 'who does not know the password is to ask his user');
  assert.equal(statusOf(await scene.ask('REGISTER', [answerTo(stale, 'REGISTER')])), 200);
});

for (const [name, isPrefix] of [
  ['rpid_prefix', true],
  ['rpid_suffix', false],
] as const) {
  parameter(name, async (t, parameters) => {
    const body = `$avp(s:rpid) = "${RPID}"; append_rpid_hf(); t_relay();`;
    const own = valueIn(parameters);
    const scene = await Scene.open(t, { parameters, body });
    const wanted = isPrefix ? own + RPID + DEFAULT_SUFFIX : RPID + own;
    assert.equal(header(await scene.relayed(), 'Remote-Party-ID'), wanted);
    const plain = await Scene.open(t, { body });
    assert.equal(header(await plain.relayed(), 'Remote-Party-ID'), RPID + DEFAULT_SUFFIX);
  });
}

parameter('realm_prefix', async (t, parameters) => {
  const prefix = valueIn(parameters);
  const to = `sip:alice@${prefix}${DOMAIN}`;
  const found = await Scene.open(t, { parameters, body: authorize('1') });
  const challenge = await found.ask('REGISTER', [], { to });
  assert.equal(parameterOf(challenge, 'realm'), DOMAIN);
  assert.equal(statusOf(await found.ask('REGISTER', [answerTo(challenge, 'REGISTER')], { to })), 200);
  const named = await Scene.open(t, { parameters, body: authorize('1', `${prefix}${DOMAIN}`) });
  assert.equal(parameterOf(await named.ask('REGISTER', [], { to }), 'realm'), `${prefix}${DOMAIN}`);
  const unset = await Scene.open(t, { body: authorize('1') });
  assert.equal(parameterOf(await unset.ask('REGISTER', [], { to }), 'realm'), `${prefix}${DOMAIN}`);
});

parameter('rpid_avp', async (t, parameters) => {
  const body = (avp: string) => `${avp} = "${RPID}"; append_rpid_hf(); t_relay();`;
  const scene = await Scene.open(t, { parameters, body: body(valueIn(parameters)) });
  assert.equal(header(await scene.relayed(), 'Remote-Party-ID'), RPID + DEFAULT_SUFFIX);
  const other = await Scene.open(t, { parameters, body: body('$avp(s:rpid)') });
  assert.equal(header(await other.relayed(), 'Remote-Party-ID'), undefined);
});

test('rpid_avp NULL: no function finds a value', async (t) => {
  const scene = await Scene.open(t, {
    parameters: 'modparam("auth", "rpid_avp", "NULL")',
    body: `$avp(s:rpid) = "${RPID}";
      if (append_rpid_hf() || append_rpid_hf("<", ">") || is_rpid_user_e164()) { sl_send_reply("500", "found"); exit; };
      t_relay();`,
  });
  assert.equal(header(await scene.relayed(), 'Remote-Party-ID'), undefined);
});

const GIVEN = 'if (!pv_www_authorize("")) { www_challenge("", "1"); exit; }; sl_send_reply("200", "OK");';

parameter('username_spec', async (t, parameters) => {
  const scene = await Scene.open(t, {
    parameters: `${parameters}
      modparam("auth", "password_spec", "$avp(s:pw)")
      modparam("auth", "calculate_ha1", 1)`,
    body: `${valueIn(parameters)} = "carol"; $avp(s:pw) = "xyz"; ${GIVEN}`,
  });
  const challenge = await scene.ask('REGISTER');
  const status = async (user: string) =>
    statusOf(await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER', { user, password: 'xyz' })]));
  assert.deepEqual([await status('carol'), await status('alice')], [200, 401]);
});

parameter('password_spec', async (t, parameters) => {
  const scene = await Scene.open(t, {
    parameters: `${parameters}
      modparam("auth", "username_spec", "$avp(s:name)")
      modparam("auth", "calculate_ha1", 1)`,
    body: `$avp(s:name) = "carol"; ${valueIn(parameters)} = "xyz"; ${GIVEN}`,
  });
  const challenge = await scene.ask('REGISTER');
  const status = async (password: string) =>
    statusOf(await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER', { user: 'carol', password })]));
  assert.deepEqual([await status('xyz'), await status('abc')], [200, 401]);
});

parameter('calculate_ha1', async (t, parameters) => {
  const specs = `modparam("auth", "username_spec", "$avp(s:name)")
    modparam("auth", "password_spec", "$avp(s:pw)")`;
  const status = async (parameters: string, held: string) => {
    const scene = await Scene.open(t, { parameters, body: `$avp(s:name) = "carol"; $avp(s:pw) = "${held}"; ${GIVEN}` });
    const challenge = await scene.ask('REGISTER');
    return statusOf(await scene.ask('REGISTER', [answerTo(challenge, 'REGISTER', { user: 'carol', password: 'xyz' })]));
  };
  const ha1 = md5(`carol:${DOMAIN}:xyz`);
  assert.deepEqual(
    [await status(`${specs}\n${parameters}`, 'xyz'), await status(`${specs}\n${parameters}`, ha1)],
    [200, 401],
  );
  assert.deepEqual([await status(specs, 'xyz'), await status(specs, ha1)], [401, 200]);
});

test('every parameter that the module has was looked at', () => {
  assert.deepEqual([...tested].sort(), auth.parameters.map(({ name }) => name).sort());
});
