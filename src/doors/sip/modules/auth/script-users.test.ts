/** The functions of auth that work with the script's own variables. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { DigestProof, Knock, Verdict } from '../../../../core/gate/types.ts';
import type { Account } from '../../../../core/users/types.ts';
import type { Run } from '../../run.ts';
import type { ParameterValues } from '../../script/types.ts';
import { AvpList } from '../../script/values/avps.ts';
import { load, outgoing, request, type ScriptCall, services } from '../lab.ts';
import { auth } from './module.ts';
import { Nonces } from './nonce.ts';

const NOW = 1_000_000_000_000;
const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** A gate that does nothing but compare. */
function prove({ user, proof, source }: Knock): Verdict {
  const account = source!.find(user, '') as Account | null;
  const { username, realm, nonce, method, uri, response } = proof as DigestProof;
  if (!account) return { verdict: 'refused', reason: 'unknown-user', silent: false };
  const good = md5(`${account.ha1(username, realm, 'MD5')}:${nonce}:${md5(`${method}:${uri}`)}`) === response;
  if (!good) return { verdict: 'refused', reason: 'wrong-proof', silent: false };
  return { verdict: 'proven', ticket: { door: 'sip', account, client: { address: '', port: 0 }, time: 0 } };
}

async function bound(calls: readonly ScriptCall[], parameters: ParameterValues = {}) {
  const all = { secret: 's', username_spec: '$avp(s:user)', password_spec: '$avp(s:password)', ...parameters };
  return load(auth, { calls, parameters: all, services: services({ gate: { prove } }) });
}

function register(password: string, realm = 'example.com') {
  const nonce = new Nonces('s', 300, 0).create(NOW);
  const response = md5(`${md5(`1000:${realm}:${password}`)}:${nonce}:${md5('REGISTER:sip:x')}`);
  return request('REGISTER sip:example.com', [
    `Authorization: Digest username="1000", realm="${realm}", nonce="${nonce}", uri="sip:x", response="${response}"`,
  ]);
}

function withAvps(run: Run, values: Readonly<Record<string, string | number>>): Run {
  run.avps = new AvpList();
  for (const [name, value] of Object.entries(values)) run.avps.push(`s:${name}`, value);
  return run;
}

test('pv_www_authorize: the user and password that the script names, clear or as HA1', async () => {
  const [clear] = await bound([['pv_www_authorize', '']], { calculate_ha1: 1 });
  const result = (call: typeof clear, password: string, avps: Record<string, string | number>) =>
    call!(withAvps(register(password).run, avps));
  assert.equal(result(clear, 'right', { user: '1000', password: 'right' }), 1);
  assert.equal(result(clear, 'wrong', { user: '1000', password: 'right' }), -2);
  assert.equal(result(clear, 'right', { user: '1001', password: 'right' }), -1);
  assert.equal(result(clear, 'right', { user: '1000' }), -1);
  assert.equal(result(clear, 'right', {}), -1);
  const [hashed] = await bound([['pv_www_authorize', 'example.com']]);
  assert.equal(result(hashed, 'right', { user: '1000', password: md5('1000:example.com:right') }), 1);
  assert.equal(result(hashed, 'right', { user: '1000', password: md5('1000:example.com:wrong') }), -2);
  assert.equal(result(hashed, 'right', { user: '1000', password: 'right' }), -5, 'no HA1');
  const { run } = request('REGISTER sip:example.com');
  assert.equal(hashed!(run), -4);
});

test('who got in that way is authorised: the credentials can be consumed', async () => {
  const [call, consume] = await bound([['pv_www_authorize', ''], ['consume_credentials']], { calculate_ha1: 1 });
  const run = withAvps(register('right').run, { user: '1000', password: 'right' });
  assert.deepEqual([call!(run), consume!(run)], [1, 1]);
  assert.deepEqual(outgoing(run, 'Authorization'), []);
});

test('Remote-Party-ID: the value of the AVP between prefix and suffix', async () => {
  const [own, given] = await bound([['append_rpid_hf'], ['append_rpid_hf', '<', '>;x=y']], { rpid_prefix: '"A" <' });
  const first = withAvps(request('INVITE sip:a@b').run, { rpid: 'sip:+4930@example.com' });
  assert.equal(own!(first), 1);
  assert.deepEqual(outgoing(first, 'Remote-Party-ID'), [
    'Remote-Party-ID: "A" <sip:+4930@example.com;party=calling;id-type=subscriber;screen=yes',
  ]);
  const second = withAvps(request('INVITE sip:a@b').run, { rpid: 'sip:x@y\r\nEvil: 1' });
  assert.equal(given!(second), 1);
  assert.deepEqual(outgoing(second, 'Remote-Party-ID', 'Evil'), ['Remote-Party-ID: <sip:x@y  Evil: 1>;x=y']);
  for (const avps of [{}, { rpid: '' }, { rpid: 7 }] as Record<string, string | number>[])
    assert.equal(own!(withAvps(request('INVITE sip:a@b').run, avps)), -1);
});

test('is_rpid_user_e164', async () => {
  const [call] = await bound([['is_rpid_user_e164']]);
  const result = (rpid: string) => call!(withAvps(request('INVITE sip:a@b').run, { rpid }));
  for (const rpid of ['sip:+49@x.example', '"N" <sip:+123456789012345@x>;party=calling'])
    assert.equal(result(rpid), 1, rpid);
  for (const rpid of ['sip:49@x', 'sip:+4@x', 'sip:+1234567890123456@x', 'sip:+49a@x', '+49', '']) {
    assert.equal(result(rpid), -1, rpid);
  }
});

test('an empty rpid_avp means none', async () => {
  for (const spec of ['', 'NULL']) {
    const [append, check] = await bound([['append_rpid_hf'], ['is_rpid_user_e164']], { rpid_avp: spec });
    const run = withAvps(request('INVITE sip:a@b').run, { rpid: 'sip:+4930@example.com' });
    assert.deepEqual([append!(run), check!(run)], [-1, -1]);
  }
});
