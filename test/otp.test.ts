/** One-time passwords from the first provider to the locked token, over HTTP as a new user would try it with curl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hotp } from '../src/core/tokens/hotp.ts';
import { otpSite } from './otp-lab.ts';
import { codesCountOnce } from './otp-once.ts';

const SEED = Buffer.from('a seed of 20 letters');

test('enrol, trigger, answer; what is wrong, late, replayed or foreign is refused; ten wrong ones lock', async (t) => {
  const { site, gateway, admin, value, check, simple, lastCode, enrol } = await otpSite(t);
  const [serial, other] = await enrol('hans', 'anna');
  assert.match(serial!, /^LSSM[0-9A-F]{8}$/);
  const trigger = async (user: string, client = '192.0.2.7') => {
    const reply = await check({ user, pass: `pin-${user}`, client });
    assert.equal(reply.result.value, false);
    return { code: lastCode(), transactionid: String(reply.detail?.transactionid), detail: reply.detail };
  };
  const ok = async (fields: Record<string, string>) => (await check({ client: '192.0.2.7', ...fields })).result.value;

  // The PIN makes a challenge; the code answers it, once.
  const first = await trigger('hans');
  assert.deepEqual(first.detail, {
    transactionid: first.transactionid,
    message: 'sms submitted',
    state: first.transactionid,
    linotp_tokenserial: serial,
    linotp_tokentype: 'sms',
    linotp_tokendescription: '',
  });
  assert.match(first.transactionid, /^\d{17}$/);
  assert.match(gateway.requests.at(-1)!, /to=%2B491701234567/);
  const wrong = first.code === '000000' ? '000001' : '000000';
  assert.equal(await ok({ user: 'hans', pass: wrong, transactionid: first.transactionid }), false);
  assert.equal(await ok({ user: 'anna', pass: first.code, transactionid: first.transactionid }), false);
  assert.equal(await ok({ user: 'hans', pass: first.code, state: first.transactionid }), true);
  assert.equal(await ok({ user: 'hans', pass: first.code, state: first.transactionid }), false);
  assert.equal(await ok({ user: 'hans', pass: `pin-hans${first.code}` }), false);

  // PIN and code in one, and the answers of one line.
  await value('/system/setConfig', { SMSBlockingTimeout: '0' });
  const second = await trigger('hans');
  assert.equal(await ok({ user: 'hans', pass: `pin-anna${second.code}` }), false);
  assert.equal(await simple({ user: 'hans', pass: `pin-hans${second.code}`, client: '192.0.2.7' }), ':-)');
  assert.match(await simple({ user: 'hans', pass: 'pin-hans', client: '192.0.2.7' }), /^:-\( \d{17} sms submitted$/);
  for (const user of ['hans', 'nobody'])
    assert.equal(await simple({ user, pass: 'wrong', client: '192.0.2.9' }), ':-(');

  // Too late.
  await value('/system/setConfig', { DefaultChallengeValidityTime: '0', SMSProviderTimeout: '0' });
  const late = await trigger('anna');
  assert.equal(await ok({ user: 'anna', pass: late.code, transactionid: late.transactionid }), false);
  await value('/system/delConfig', { key: 'DefaultChallengeValidityTime' });
  await value('/system/delConfig', { key: 'SMSProviderTimeout' });

  // Ten wrong ones lock the token. Places where the user got in before have five tries each, all others together five: so from three.
  const places = ['192.0.2.31', '192.0.2.32', '192.0.2.33'];
  for (const client of places) {
    const { code, transactionid } = await trigger('anna', client);
    assert.equal(await ok({ user: 'anna', pass: code, transactionid, client }), true);
  }
  const show = async () => {
    const { data } = (await value('/admin/show', { serial: other! })) as { data: Record<string, unknown>[] };
    return data[0]!;
  };
  assert.equal((await show())['LinOtp.FailCount'], 0);
  for (const client of places)
    for (let i = 0; i < 4; i++) assert.equal(await ok({ user: 'anna', pass: 'pin-anna000000', client }), false);
  assert.ok(Number((await show())['LinOtp.FailCount']) >= 10);
  const sent = gateway.requests.length;
  assert.equal(await ok({ user: 'anna', pass: 'pin-anna', client: places[0]! }), false);
  assert.equal(gateway.requests.length, sent, 'a locked token sends nothing');
  assert.equal(await value('/admin/reset', { user: 'anna' }), 1);
  assert.equal((await show())['LinOtp.FailCount'], 0);
  const freed = await trigger('anna', places[1]);
  assert.equal(await ok({ user: 'anna', pass: freed.code, state: freed.transactionid, client: places[1]! }), true);

  // The token goes, and with it the way in.
  assert.equal(await value('/admin/remove', { serial: other! }), 1);
  assert.equal((await admin('/admin/show', { serial: other! })).result.status, true);
  assert.equal(await ok({ user: 'anna', pass: 'pin-anna', client: places[2]! }), false);

  // A device whose seed is known here, so that it can be looked for.
  const otpkey = SEED.toString('hex');
  await value('/admin/init', { type: 'hmac', user: 'hans', pin: 'pin-device', otpkey });
  const values = [0, 1].map((counter) => hotp(SEED, counter, 6, 'sha1'));
  assert.equal(await ok({ user: 'hans', pass: `pin-device${values[0]}` }), true);
  assert.equal(await ok({ user: 'hans', pass: `pin-device${values[0]}` }), false);
  assert.equal(await ok({ user: 'hans', pass: `pin-device${values[1]}` }), true);

  // He looks after it himself.
  await value('/system/setPolicy', { name: 'self', scope: 'selfservice', realm: '*', action: 'disable' });
  const fields = new URLSearchParams({ username: 'hans', password: 'password of hans' });
  const own = `http://127.0.0.1:${site.httpPort}/userservice`;
  const entered = await fetch(`${own}/login`, { method: 'POST', body: fields });
  const [cookie = ''] = (entered.headers.get('set-cookie') ?? '').split(';');
  const disabled = await fetch(`${own}/disable`, {
    method: 'POST',
    headers: { cookie },
    body: new URLSearchParams({ session: cookie.slice(cookie.indexOf('=') + 1), serial: serial! }),
  });
  assert.match(await disabled.text(), /"value":\{"disable token":1\}/);

  const trail = JSON.parse(await (await otpTrail()).text()) as { total: number; rows: { cell: string[] }[] };
  assert.ok(
    trail.rows.every(({ cell }) => cell[2] === 'OK'),
    JSON.stringify(trail.rows.map(({ cell }) => cell.slice(0, 5))),
  );
  assert.ok(trail.rows.some(({ cell }) => cell[4] === 'enrol-token' && cell[6] === serial));

  function otpTrail(): Promise<Response> {
    const headers = { authorization: `Basic ${btoa('admin:a password of the tests')}` };
    return fetch(`http://127.0.0.1:${site.httpPort}/audit/search?rp=500`, { headers });
  }
});

test('of two hundred connections with one code one is told yes, and after a kill -9 none', (t) => codesCountOnce(t));
