/** Two web pages are telephones: they register over secure WebSocket and call each other; one of them calls a telephone that is none. */
// peers: chromium baresip
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPhone } from './baresip.ts';
import { openPage } from './browser.ts';
import { makeSite } from './gatehouse.ts';
import { freePort } from './ports.ts';

const domain = '127.0.0.1';
const files = join(import.meta.dirname, '..', 'fixtures', 'tls');

test('two pages in Chromium register over wss and call each other through the proxy', async (t) => {
  const port = await freePort();
  const site = await makeSite(t, {
    domains: [`${domain}:5060`],
    listen: [`wss:127.0.0.1:${port}`],
    yaml: `  tls: { certificate: ${files}/gate.pem, key: ${files}/gate.key, port: ${await freePort()} }`,
  });
  for (const user of ['1000', '1001', '1002'])
    assert.equal(site.serctl('add', `${user}@${domain}`, 'secret', 'a@b.example').status, 0);
  await site.start();
  const common = { domain, url: `wss://127.0.0.1:${port}`, password: 'secret' };
  const caller = await openPage(t, { ...common, user: '1000' });
  const called = await openPage(t, { ...common, user: '1001' });
  for (const page of [caller, called]) assert.equal(await page.next('registered', 'refused'), 'registered');
  for (const whoEnds of [called, caller]) {
    caller.dial(`sip:1001@${domain}`);
    await called.next('ringing');
    await Promise.all([caller.next('answered'), called.next('answered')]);
    await Promise.all([caller.next('audio'), called.next('audio')]);
    whoEnds.hangUp();
    await Promise.all([caller.next('ended'), called.next('ended')]);
  }

  // A telephone without WebRTC refuses what a browser offers: over UDP and back, that is enough here.
  const plain = await startPhone(t, { user: '1002', domain, server: site.sip, password: 'secret' });
  assert.match((await plain.next('REGISTERED', 'REGISTER_FAILED')).detail, /^200/);
  await plain.dial(`sip:1001@${domain}`);
  await called.next('ringing');
});
