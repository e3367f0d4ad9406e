import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openHelper } from '../../../platform/helper/helper.ts';
import { ADDRESS, MAC, startPages } from '../http/lab.ts';
import { createPreAuth, preAuthQuery } from './preauth.ts';

async function lab(t: TestContext, script: string) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-preauth-'));
  const helper = openHelper();
  t.after(async () => {
    await helper.close();
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'preauth');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  const preauth = createPreAuth(file, { name: 'The Anchor' }, helper);
  return startPages(t, { name: 'The Anchor', preauth: file }, { preauth });
}

test('the query as one argument: what the door knows comes first, and cannot be said otherwise', () => {
  const asked = new Map([
    ['username', 'u, v'],
    ['gatewayname', 'mine'],
    ['clientip', '10.0.0.99'],
    ['redir', 'http://h/?a=b'],
  ]);
  assert.equal(
    preAuthQuery('10.0.0.1', 'The Anchor', asked),
    '?clientip=10.0.0.1, gatewayname=The Anchor, redir=http://h/?a=b, username=u, v',
  );
  assert.equal(preAuthQuery('::1', 'N', new Map()), '?clientip=::1, gatewayname=N, redir=');
});

test('strangers are sent to the program, and its output is the page', async (t) => {
  const door = await lab(t, `printf '<p>%s|%s|%s|%s</p>' "$#" "$1" "$2" "$GATEHOUSE_TOKEN $GATEHOUSE_CLIENT_MAC"`);
  const wanted = 'http://example.com/x?a=b';
  const sent = await door.request({ host: 'example.com', path: '/x?a=b' });
  const query = 'clientip=127.0.0.1&gatewayname=The%20Anchor&redir=http%3a%2f%2fexample.com%2fx%3fa%3db';
  assert.equal(sent.location, `http://127.0.0.1:2050/nodogsplash_preauth/?${query}`);
  assert.equal(
    (await door.request({ path: '/splash.html' })).location,
    `http://127.0.0.1:2050/nodogsplash_preauth/?clientip=127.0.0.1&gatewayname=The%20Anchor&redir=`,
  );

  const hostile = `';touch hole;$(id)\`id\`"<b>\r\n%41`;
  const form = `?${query}&clientip=10.0.0.99&username=${encodeURIComponent(hostile)}`;
  const headers = { 'user-agent': 'A "b" $(id)' };
  const page = await door.request({ path: `/nodogsplash_preauth/${form}`, headers });
  assert.deepEqual([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8']);
  const [count, first, second, third] = page.body.slice(3, -4).split('|');
  assert.equal(count, '2');
  assert.match(first!, /^(?:[\w\-.~]|%[0-9a-f]{2})+$/);
  assert.equal(
    decodeURIComponent(first!),
    `?clientip=${ADDRESS}, gatewayname=The Anchor, redir=${wanted}, username=${hostile}`,
  );
  assert.equal(second, 'A%20%22b%22%20%24%28id%29');
  assert.equal(third, `${door.me().token} ${MAC}`);

  const posted = await door.request({ path: '/nodogsplash_preauth/', method: 'POST', body: 'redir=http://h/&x=1' });
  assert.match(posted.body, /%2c%20x%3d1\|/);

  const { token } = door.me();
  const done = await door.request({ path: `/nodogsplash_auth/?tok=${token}&redir=${encodeURIComponent(wanted)}` });
  assert.deepEqual([done.status, done.location], [307, wanted]);
  door.enter();
  assert.match((await door.request({ path: '/nodogsplash_preauth/' })).body, /You are online/);
});

for (const [what, script] of [
  ['fails', 'echo page; exit 1'],
  ['is killed', 'echo page; kill -9 $$'],
  ['prints too much', 'head -c 70000 /dev/zero'],
] as const) {
  test(`a program that ${what} gives no page, and the door goes on`, async (t) => {
    const door = await lab(t, script);
    const page = await door.request({ path: '/nodogsplash_preauth/' });
    assert.equal(page.status, 500);
    assert.match(page.body, /Please try again\./);
    assert.equal((await door.request({ path: '/no/such' })).status, 404);
  });
}
