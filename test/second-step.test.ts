/** A telephone cannot ask for a code: it is refused from a new place until its user gave one there, at a door that can ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { otpSite } from './otp-lab.ts';
import { register, sipClient, statusOf } from './sip-client.ts';

test('a telephone at a new place is let in when its user gave a code there, and after a restart', async (t) => {
  const { site, server, check, lastCode, enrol, value } = await otpSite(t);
  await enrol('1000', '2000');
  await value('/system/setConfig', { SMSBlockingTimeout: '0' });
  const phone = await sipClient(t, site.sip);
  const registers = (user = '1000') =>
    register(phone, { domain: site.sip, user, password: `password of ${user}`, expires: 3600 });
  const rule = (action: string) =>
    assert.equal(site.run('policy', 'set', 'code', '--scope', 'sip', '--action', action).status, 0);
  const givesCode = async (client: string) => {
    const { detail } = await check({ user: '1000', pass: 'pin-1000', client });
    const answer = { user: '1000', pass: lastCode(), transactionid: String(detail?.transactionid), client };
    assert.equal((await check(answer)).result.value, true);
  };
  assert.equal(statusOf(await registers()), 200);
  rule('second_step=sms');
  assert.match((await registers())!, /^SIP\/2\.0 403 Code Needed First\r\n/);
  await givesCode('192.0.2.7');
  assert.equal(statusOf(await registers()), 403);
  await givesCode('127.0.0.1');
  assert.equal(statusOf(await registers()), 200);
  assert.equal(statusOf(await registers('2000')), 403);
  assert.match(site.run('audit', 'list', '2000', '--event', 'refused').stdout, /reason=new-place/);

  rule('second_step=sms, remember=1s');
  for (const end = Date.now() + 20_000; statusOf(await registers()) !== 403; await delay(100))
    assert.ok(Date.now() < end, 'the code does for ever');
  rule('second_step=sms, remember=30d');
  assert.equal(await server.stop(), 0);
  const again = await site.start();
  assert.equal(statusOf(await registers()), 200);
  assert.equal(statusOf(await registers('2000')), 403);
  assert.equal(await again.stop(), 0);
});
