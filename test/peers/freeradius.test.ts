/** A RADIUS server that asks Gatehouse, as sites have it in front of their VPN. */
// peers: freeradius
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otpSite } from '../otp-lab.ts';
import { startFreeRadiusOtp } from './freeradius-otp.ts';
import { freePort } from './ports.ts';

test('FreeRADIUS: the PIN is challenged, the code is let in once, a wrong PIN is rejected', async (t) => {
  const { url, enrol, lastCode, gateway, site } = await otpSite(t);
  await enrol('hans');
  const { ask } = await startFreeRadiusOtp(t, await freePort(), `${url}/validate/simplecheck`);
  const challenge = await ask('hans', 'pin-hans');
  assert.deepEqual([challenge.code, challenge.message], ['Access-Challenge', 'sms submitted']);
  assert.match(challenge.state ?? '', /^0x(3[0-9]){17}$/);
  const code = lastCode();
  assert.equal((await ask('hans', code === '000000' ? '000001' : '000000', challenge.state)).code, 'Access-Reject');
  assert.equal((await ask('hans', code, challenge.state)).code, 'Access-Accept');
  assert.equal((await ask('hans', code, challenge.state)).code, 'Access-Reject');
  assert.equal((await ask('hans', 'pin-anna')).code, 'Access-Reject');
  assert.equal((await ask('nobody', 'pin-hans')).code, 'Access-Reject');
  assert.equal(gateway.requests.length, 1);
  // Where the user is told to be: at the network server, not at the RADIUS server that asked.
  const trail = site.run('audit', 'verify');
  assert.equal(trail.status, 0, trail.stdout);
});
