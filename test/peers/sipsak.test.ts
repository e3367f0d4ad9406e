/** sipsak over UDP and TCP: is answered, registers, takes the binding back, and is refused with a wrong password. */
// peers: sipsak
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { makeSite } from './gatehouse.ts';

const domain = '127.0.0.1';

test('sipsak over UDP and TCP', async (t) => {
  const site = await makeSite(t, { domains: [`${domain}:5060`] });
  assert.equal(site.serctl('add', `1000@${domain}`, 'secret', 'a@b.example').status, 0);
  await site.start();
  const shown = () => site.serctl('ul', 'show', `1000@${domain}`).stdout;
  for (const transport of ['udp', 'tcp']) {
    const sipsak = (...args: string[]) =>
      spawnSync('sipsak', ['-E', transport, '-p', site.sip, ...args], { encoding: 'utf8', timeout: 30_000 });
    const register = (password: string, seconds: number) =>
      sipsak(
        ...['-U', '-i', '-C', 'sip:1000@127.0.0.1:5999', '-s', `sip:1000@${domain}`],
        ...['-u', '1000', '-a', password, '-x', String(seconds), '-v'],
      );
    // It calls itself sipsak@127.0.0.1:PORT, a domain that is not ours.
    const alive = sipsak('-s', `sip:${site.sip}`, '-vv');
    assert.match(alive.stdout, /SIP\/2\.0 403 From Domain Not Served Here/, transport);
    const stored = register('secret', 60);
    assert.equal(stored.status, 0, stored.stdout + stored.stderr);
    assert.match(shown(), /sip:1000@127\.0\.0\.1:5999/);
    const removed = register('secret', 0);
    assert.equal(removed.status, 0, removed.stdout + removed.stderr);
    assert.doesNotMatch(shown(), /5999/);
    assert.equal(register('not the password', 60).status, 2);
    assert.doesNotMatch(shown(), /5999/);
  }
});
