import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ticket } from '../../../../core/gate/types.ts';
import { Header } from '../../message/header-names.ts';
import type { ParameterValues } from '../../script/types.ts';
import { load, outgoing, request, type ScriptCall, services, withDefaults } from '../lab.ts';
import { auth } from './module.ts';
import { Nonces } from './nonce.ts';

const NOW = 1_000_000_000_000;
const nonce = new Nonces('s', 300, NOW).create(NOW);
const parameters = { secret: 's' };

async function challenged(call: ScriptCall, built = request('REGISTER sip:example.com'), more: ParameterValues = {}) {
  const [challenge] = await load(auth, { parameters: { ...parameters, ...more }, calls: [call] });
  return { result: challenge!(built.run), reply: built.host.replies[0] };
}

for (const [call, status, reason, name] of [
  [['www_challenge', 'siphub.net', '0'], 401, 'Unauthorized', 'WWW-Authenticate'],
  [['proxy_challenge', 'siphub.net', '0'], 407, 'Proxy Authentication Required', 'Proxy-Authenticate'],
] as const) {
  test(`${call[0]} answers ${status} and ends the script`, async () => {
    const { result, reply } = await challenged(call);
    assert.equal(result, 0);
    assert.deepEqual(reply, { status, reason, headers: `${name}: Digest realm="siphub.net", nonce="${nonce}"\r\n` });
  });
}

test('qop and stale stand behind the nonce, in this order', async () => {
  const built = request('REGISTER sip:example.com');
  built.run.stale = true;
  const both = await challenged(['www_challenge', 'r', '1'], built);
  assert.equal(both.reply!.headers, `WWW-Authenticate: Digest realm="r", nonce="${nonce}", qop="auth", stale=true\r\n`);
});

const headers = ['From: <sip:a@sip.From.example>;tag=f', 'To: <sip:a@sip.to.example>'];
for (const [call, start, more, realm] of [
  ['www_challenge', 'REGISTER sip:x', {}, 'sip.to.example'],
  ['www_challenge', 'INVITE sip:x', {}, 'sip.from.example'],
  ['proxy_challenge', 'REGISTER sip:x', {}, 'sip.from.example'],
  ['www_challenge', 'REGISTER sip:x', { realm_prefix: 'sip.' }, 'to.example'],
  ['proxy_challenge', 'INVITE sip:x', { realm_prefix: 'sip.' }, 'from.example'],
  ['www_challenge', 'REGISTER sip:x', { realm_prefix: 'SIP.' }, 'sip.to.example'],
  ['www_challenge', 'REGISTER sip:x', { realm_prefix: 'sip.to.example' }, 'sip.to.example'],
] as const) {
  test(`realm of ${call} for ${start}, ${JSON.stringify(more)}: ${realm}`, async () => {
    const { reply } = await challenged([call, '', '0'], request(start, headers), more);
    assert.match(reply!.headers, new RegExp(`realm="${realm}"`));
  });
}

test('an explicit realm keeps its prefix, and quotes in it are escaped', async () => {
  const prefixed = await challenged(['www_challenge', 'sip.x', '0'], request('REGISTER sip:x'), {
    realm_prefix: 'sip.',
  });
  assert.match(prefixed.reply!.headers, /realm="sip\.x"/);
  const quoted = await challenged(['www_challenge', 'a"b\\', '0']);
  assert.match(quoted.reply!.headers, /realm="a\\"b\\\\",/);
});

test('400 where the realm cannot be found out, -1 where no answer can be sent', async () => {
  const broken = await challenged(['proxy_challenge', '', '0'], request('INVITE sip:x', ['From: <tel:+1234>;tag=f']));
  assert.deepEqual([broken.result, broken.reply!.status], [0, 400]);
  assert.equal((await challenged(['proxy_challenge', '', '0'], request('ACK sip:x'))).result, -1);
});

test('without `secret` nonces come from the key material and outlive a restart', async () => {
  const call: ScriptCall = ['www_challenge', 'r', '0'];
  const texts = await Promise.all(
    [1, 2].map(async () => {
      const [challenge] = await load(auth, { calls: [call] });
      const { run, host } = request('REGISTER sip:x');
      challenge!(run);
      return host.replies[0]!.headers;
    }),
  );
  assert.equal(texts[0], texts[1]);
  assert.doesNotMatch(texts[0]!, new RegExp(nonce));
});

test('consume_credentials removes the header that was authorised, and only that', async () => {
  const [consume] = await load(auth, { calls: [['consume_credentials']] });
  const { run } = request('REGISTER sip:example.com', ['Authorization: Digest a="1"', 'Authorization: Digest b="2"']);
  assert.equal(consume!(run), -1);
  assert.equal(outgoing(run, 'Authorization').length, 2);
  const header = run.message.indexOf(Header.authorization, run.message.indexOf(Header.authorization) + 1);
  run.authorised = { header, username: 'u', user: 'u', realm: 'r', ticket: {} as Ticket };
  assert.equal(consume!(run), 1);
  assert.deepEqual(outgoing(run, 'Authorization'), ['Authorization: Digest a="1"']);
  assert.equal(consume!(run), 1, 'again: nothing changes');
});

test('the missing authorisation is complained of once a minute, and not for ACK and CANCEL', async () => {
  const warnings: string[] = [];
  const clock = { now: () => NOW, monotonic: () => time };
  let time = 0;
  const log = { warn: (text: string) => void warnings.push(text) };
  const [consume] = await load(auth, { services: services({ clock, log }), calls: [['consume_credentials']] });
  consume!(request('ACK sip:x').run);
  consume!(request('CANCEL sip:x').run);
  assert.equal(warnings.length, 0);
  for (let i = 0; i < 5; i++) consume!(request('INVITE sip:x').run);
  assert.equal(warnings.length, 1);
  time = 60_000;
  consume!(request('INVITE sip:x').run);
  assert.equal(warnings.length, 2);
});

test('parameters and arguments are checked', () => {
  const complaint = (name: string, value: string | number) =>
    auth.parameters.find((p) => p.name === name)!.check!(value);
  assert.match(complaint('nonce_expire', 0)!, /from 1/);
  assert.match(complaint('calculate_ha1', 2)!, /0 or 1/);
  assert.match(complaint('rpid_avp', 'rpid')!, /variable/);
  assert.equal(complaint('rpid_avp', 'NULL'), undefined);
  assert.equal(complaint('username_spec', '$var(username)'), undefined);
  assert.match(complaint('rpid_prefix', 'a\r\nb')!, /line break/);
  const argument = auth.functions[0]!.checkArgument!;
  assert.match(argument(0, 'a\nb')!, /line break/);
  assert.match(argument(1, 'auth')!, /number/);
  assert.equal(withDefaults(auth).nonce_expire, 300);
});
