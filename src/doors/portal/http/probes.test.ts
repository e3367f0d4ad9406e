/** Every question by which a device finds out that it is captive, and what it is told when it asks outright. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startPages } from './lab.ts';

/** A device that gets a redirect instead of what it expects shows the page that it leads to. */
const PROBES: readonly [string, string, string, string?][] = [
  ['Android', 'connectivitycheck.gstatic.com', '/generate_204'],
  ['Android, the second try', 'www.google.com', '/gen_204'],
  ['Samsung', 'connectivity.samsung.com.cn', '/generate_204'],
  ['iOS and macOS', 'captive.apple.com', '/hotspot-detect.html'],
  ['iOS and macOS, before', 'www.apple.com', '/library/test/success.html'],
  ['Windows 10 and 11', 'www.msftconnecttest.com', '/connecttest.txt'],
  ['Windows, the page it opens', 'www.msftconnecttest.com', '/redirect'],
  ['Windows 7', 'www.msftncsi.com', '/ncsi.txt'],
  ['Firefox', 'detectportal.firefox.com', '/canonical.html'],
  ['Firefox, over IPv4', 'detectportal.firefox.com', '/success.txt?ipv4'],
  ['ChromeOS', 'www.gstatic.com', '/generate_204'],
  ['Chrome', 'clients3.google.com', '/generate_204'],
  ['NetworkManager of GNOME', 'nmcheck.gnome.org', '/check_network_status.txt'],
  ['NetworkManager of Debian', 'network-test.debian.org', '/nm'],
  ['NetworkManager of Fedora', 'fedoraproject.org', '/static/hotspot.txt'],
  ['NetworkManager of Ubuntu, by HEAD', 'connectivity-check.ubuntu.com', '/', 'HEAD'],
  ['Kindle', 'spectrum.s3.amazonaws.com', '/kindle-wifi/wifistub.html'],
];

for (const [device, host, path, method = 'GET'] of PROBES) {
  test(`${device} is redirected to the page`, async (t) => {
    const { request } = await startPages(t);
    const answer = await request({ host, path, method });
    assert.equal(answer.status, 307);
    const wanted = encodeURIComponent(`http://${host}${path}`);
    assert.equal(answer.location, `http://127.0.0.1:2050/splash.html?redir=${wanted}`);
    assert.equal(answer.headers['cache-control'], 'no-store');
  });
}

test('a device that asks outright is told in JSON whether it is captive, and for how much longer it is not', async (t) => {
  const venue = 'https://example.com/cafe';
  const { request, enter, trust, captive, share } = await startPages(t, { venue_url: venue }, { now: () => 1_000_500 });
  const page = {
    'user-portal-url': 'http://127.0.0.1:2050/',
    'venue-info-url': venue,
    'can-extend-session': false,
  };
  const answer = await request({ path: '/captive-portal' });
  assert.deepEqual([answer.status, answer.headers['content-type']], [200, 'application/captive+json']);
  assert.match(answer.headers['cache-control']!, /private|no-store/);
  assert.deepEqual(JSON.parse(answer.body), { captive: true, ...page });
  // What nobody can say is not said: no limit.
  enter();
  assert.deepEqual(await captive(), { captive: false, ...page });
  enter({ ends: 1_060_000, most: { sent: 500, received: 9_000 }, sent: 400, received: 8_950 });
  assert.deepEqual(await captive(), { captive: false, 'seconds-remaining': 60, 'bytes-remaining': 50, ...page });
  share({ sent: 0, received: 20 });
  assert.equal((await captive())['bytes-remaining'], 20, 'another device has used the rest');
  share({ sent: 0, received: 0 });
  enter({ ends: 1_000_000, most: { sent: 1, received: 0 }, sent: 5 });
  assert.deepEqual(await captive(), { captive: false, 'seconds-remaining': 0, 'bytes-remaining': 0, ...page });
  assert.match((await request({ path: '/' })).headers['content-type']!, /^text\/html/);
  trust();
  assert.equal((await captive()).captive, false);
});

test('nobody whose card is unknown is told that he is free', async (t) => {
  const { captive, hide } = await startPages(t);
  hide();
  assert.equal((await captive()).captive, true);
});
