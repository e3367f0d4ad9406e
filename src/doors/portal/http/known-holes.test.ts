/**
 * What has ended, opened or misled other captive portals over HTTP, each by its name: here it is refused or harmless, and the door goes on
 * serving. What concerns the firewall alone stands with the firewall's tests.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { portalConfig } from '../config.ts';
import { preparePortal } from '../prepare.ts';
import { startPages } from './lab.ts';

const HOST = 'Host: 127.0.0.1:2050\r\n';
type Pages = Awaited<ReturnType<typeof startPages>>;

const statusOf = (answer: string) => Number(answer.slice(9, 12));

function hole(name: string, check: (pages: Pages, t: TestContext) => Promise<void>): void {
  test(name, async (t) => {
    const pages = await startPages(t);
    await check(pages, t);
    assert.equal((await pages.request({ path: '/' })).status, 200, 'it goes on');
    assert.equal(pages.clients.inside, 0);
    assert.equal(pages.asked.length, 0, 'nobody was asked whether to let it in');
  });
}

test('CVE-2023-39120, and the path traversals before it: nothing outside of web_root', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-holes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'htdocs', 'images'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'the secret');
  writeFileSync(join(folder, 'htdocs', 'open.txt'), 'open');
  const { get } = await startPages(t, { web_root: join(folder, 'htdocs') });
  assert.match(await get('/open.txt'), /open$/);
  for (const path of [
    '/.%2e/%2e%2e/../etc/passwd',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2E%2E%2Fsecret.txt',
    '/..%2fsecret.txt',
    '/images/..%2f..%2fsecret.txt',
    '/%252e%252e/secret.txt',
    '/..%5csecret.txt',
    '/%c0%ae%c0%ae/secret.txt',
    '/open.txt/../../secret.txt',
    '/./../secret.txt%00.html',
    '//secret.txt',
  ]) {
    const answer = await get(path);
    assert.equal(statusOf(answer), 404, path);
    assert.doesNotMatch(answer, /the secret|root:/, path);
  }
});

hole(
  'CVE-2023-38313, -38314, -38315, -38321: the address of logins without its query, or with half of it',
  async ({ me, get }) => {
    const { token } = me();
    for (const query of [
      '',
      '?',
      '?tok',
      '?tok=',
      '?redir=',
      '?=',
      '?&&&',
      '?username=u&password=p',
      `?tok=${token.slice(1)}`,
    ])
      assert.equal(statusOf(await get(`/nodogsplash_auth/${query}`)), 307, query);
    assert.equal(statusOf(await get('/nodogsplash_deny/?tok')), 307);
  },
);

test('a right token without redir, name, password or user agent is a login like any other', async (t) => {
  const { me, get, asked } = await startPages(t);
  assert.match(
    await get(`/nodogsplash_auth/?tok=${me().token}`),
    /^HTTP\/1\.1 307 [\s\S]*Location: http:\/\/127\.0\.0\.1:2050\/status\.html/,
  );
  assert.deepEqual(asked, [{ user: '', password: '', voucher: '', redir: '', userAgent: '', answer: undefined }]);
});

hole('CVE-2023-38320, -38322: no user agent, and no other header either', async ({ raw, get }) => {
  assert.equal(statusOf(await get('/splash.html', HOST)), 200);
  assert.equal(statusOf(await get('/nodogsplash_auth/?tok=0', HOST)), 307);
  assert.equal(statusOf(await get('/x', 'Host: example.com\r\n')), 307);
  assert.equal(statusOf(await raw('GET /splash.html HTTP/1.0\r\n\r\n')), 200);
});

hole('nodogsplash 5.0.2, CVE-2023-41101: a query that no buffer holds', async ({ get }) => {
  assert.equal(statusOf(await get(`/nodogsplash_auth/?tok=${'x'.repeat(6_000)}`)), 307);
  assert.equal(statusOf(await get(`/?redir=${'x'.repeat(10_000)}`)), 414);
  const huge = await get(`/?redir=${'x'.repeat(65_536)}`);
  assert.ok(huge === '' || statusOf(huge) === 431);
});

hole('CVE-2023-38316, openNDS #727: text of clients is never a command', async ({ get, request }, t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-holes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = join(folder, 'made');
  for (const attack of [
    `$(touch ${made})`,
    `\`touch ${made}\``,
    `';touch ${made};'`,
    `|touch ${made}`,
    `\ntouch ${made}\n`,
  ]) {
    const text = encodeURIComponent(attack);
    assert.equal(statusOf(await get(`/nodogsplash_preauth/?fas=${text}`)), 404);
    assert.equal(statusOf(await get(`/nodogsplash_auth/?tok=${text}&username=${text}&redir=${text}`)), 307);
    assert.equal(statusOf(await get(`/${text}`)), 404);
    await request({
      path: '/',
      headers: { 'user-agent': attack.replaceAll('\n', ' '), cookie: attack.replaceAll('\n', ' ') },
    });
  }
  assert.ok(!existsSync(made));
});

test('CVE-2023-38324: no start with the key that everybody knows, or without one', () => {
  const codes = (values: object) => {
    const config = { interface: 'lan', fas_port: 80, fas_level: 2, rules: { 'users-to-router': 'allow' }, ...values };
    const parsed = portalConfig.safeParse(config);
    return parsed.success ? preparePortal(parsed.data).problems.map(({ code }) => code) : ['refused'];
  };
  assert.deepEqual(codes({ fas_key: '1234567890' }), ['refused']);
  assert.deepEqual(codes({ fas_key: '' }), ['refused']);
  assert.deepEqual(codes({}), ['PORTAL_FAS']);
  assert.deepEqual(codes({ fas_key: 'a key of ours'.replaceAll(' ', '-') }), []);
});

const TURNS = 40;

test('CVE-2023-41102: memory that grows with every request', async (t) => {
  const { request, me } = await startPages(t, {}, { logIn: () => async () => ({ is: 'refused', reason: 'wrong' }) });
  const asked = [
    { path: '/' },
    { path: '/x', host: 'example.com' },
    { path: `/?redir=http://h/${'x'.repeat(2_000)}` },
    { path: '/nodogsplash_auth/' },
    { path: '/nodogsplash_auth/', method: 'POST', body: `tok=0&username=${'u'.repeat(2_000)}` },
    { path: `/nodogsplash_auth/?tok=${me().token}&username=u&password=p&redir=http://h/` },
    { path: '/nodogsplash_deny/?tok=0' },
    { path: '/none', headers: { 'user-agent': 'x'.repeat(2_000), cookie: 'y'.repeat(2_000) } },
  ];
  const round = async () => {
    for (let turn = 0; turn < TURNS; turn++) await Promise.all(asked.map(request));
  };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held = async () => {
    // Sockets go a turn of the event loop after their answers.
    await new Promise((resolve) => setTimeout(resolve, 50));
    collect();
    return process.memoryUsage().heapUsed;
  };
  await round();
  await round();
  const before = await held();
  await round();
  await round();
  const grown = (await held()) - before;
  // A socket, or the text of a client, is 2 KB and more.
  assert.ok(grown < 500 * 2 * TURNS * asked.length, `${grown} bytes`);
});

test('CVE-2023-38317 to -38323, what is not above: the configuration names things, and is never a command', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-holes-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = join(folder, 'made');
  for (const attack of [`$(touch ${made})`, `x;touch ${made}`, `\`touch ${made}\``, `"x" touch ${made}\n`]) {
    for (const name of ['interface', 'address', 'address_range', 'fas_name', 'fas_path', 'fas_key', 'redirect_url']) {
      const parsed = portalConfig.safeParse({ interface: 'lan', [name]: attack });
      assert.ok(!parsed.success, `${name} ${attack}`);
    }
    for (const name of ['binauth', 'preauth'])
      assert.deepEqual(
        preparePortal(portalConfig.parse({ interface: 'lan', [name]: `/bin/true ${attack}` }))
          .problems.filter(({ severity }) => severity === 'error')
          .map(({ code }) => code),
        ['PORTAL_PROGRAM'],
      );
    const { get } = await startPages(t, { name: attack, splash_page: attack, status_page: attack });
    assert.equal(statusOf(await get('/')), 200);
  }
  assert.ok(!existsSync(made));
});

test('CVE-2024-25763: a client that is gone when its login is decided', async (t) => {
  const decision = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const { me, clients, get } = await startPages(
    t,
    {},
    {
      logIn: () => async () => {
        reached.resolve();
        await decision.promise;
        return { is: 'refused', reason: 'wrong' };
      },
    },
  );
  const before = me();
  const answer = get(`/nodogsplash_auth/?tok=${before.token}`);
  await reached.promise;
  clients.forget(before);
  decision.resolve();
  assert.equal(statusOf(await answer), 307);
  assert.notEqual(me(), before);
});

hole(
  'reflected script (nodogsplash 4.5.1 and later): what a request says is only ever text',
  async ({ request, get }) => {
    const script = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;
    const text = encodeURIComponent(script);
    for (const path of [
      `/?redir=${text}`,
      `/?redir=http://h/${text}`,
      `/?error=${text}`,
      `/${text}`,
      `/nodogsplash_auth/?tok=${text}&redir=http://h/${text}`,
    ]) {
      const { body } = await request({ path });
      assert.doesNotMatch(body, /<script|<img|onerror='/, path);
    }
    assert.doesNotMatch(await get(`/${text}`, `Host: ${script}\r\n`), /<script|<img/);
    const { body } = await request({ path: `/?redir=http://h/&tok=${text}&gatewayname=${text}&prompt=${text}` });
    assert.doesNotMatch(body, /alert\(/, 'values of templates come from the door alone');
  },
);

hole('lines of headers in redir: no header of theirs', async ({ get, me, asked }) => {
  const attack = encodeURIComponent('http://h/\r\nSet-Cookie: a=b\r\n\r\n<b>');
  for (const path of [`/?redir=${attack}`, `/nodogsplash_auth/?tok=0&redir=${attack}`])
    assert.doesNotMatch(await get(path), /^Set-Cookie/im, path);
  const login = await get(`/nodogsplash_auth/?tok=${me().token}&redir=${attack}`);
  assert.doesNotMatch(login, /^Set-Cookie/im);
  assert.match(login, /^Location: http:\/\/h\/Set-Cookie:%20a=b%3Cb%3E\r$/m);
  asked.length = 0;
});

test('open redirect: after the login only to web addresses, and never to a script', async (t) => {
  const { me, request } = await startPages(t);
  for (const redir of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '//evil.example',
    '\tjavascript:alert(1)',
    'jAvAsCrIpT:1',
    'http://',
  ]) {
    const { location } = await request({
      path: `/nodogsplash_auth/?tok=${me().token}&redir=${encodeURIComponent(redir)}`,
    });
    assert.equal(location, 'http://127.0.0.1:2050/status.html', redir);
  }
});

test('a logout by somebody else (CSRF): without the token there is only a page that asks', async (t) => {
  const { enter, get, closed } = await startPages(t);
  enter();
  for (const path of ['/nodogsplash_deny/', '/nodogsplash_deny/?tok=', `/nodogsplash_deny/?tok=${'0'.repeat(32)}`])
    assert.match(await get(path, `${HOST}Referer: http://evil.example/\r\n`), /Do you want to leave the network\?/);
  assert.deepEqual(closed, []);
});

test('guessable tokens: 128 bits, another one after each login and logout', async (t) => {
  const { enter, me, clients } = await startPages(t);
  const seen = new Set([me().token]);
  for (let turn = 0; turn < 100; turn++) {
    enter();
    seen.add(me().token);
    clients.left(me(), 0);
    seen.add(me().token);
  }
  assert.equal(seen.size, 201);
  for (const token of seen) assert.match(token, /^[0-9a-f]{32}$/);
});
