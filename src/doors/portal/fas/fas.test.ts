/** The door's pages and a FAS, both over HTTP: what each level tells the FAS, and who gets in with what the FAS gives back. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createFasServer, FAS_KEY, type FasQuery } from '../../../../test/peers/fas-server.ts';
import type { PortalSettings } from '../config/model.ts';
import { startPages } from '../http/lab.ts';

const WANTED = 'http://example.com/a,%20b=c?d=e&f=%20%22%3C%C5%BE%3E';
const NAME = 'The "Anchor", & more=1';

async function lab(t: TestContext, settings: Partial<PortalSettings>) {
  const queries: FasQuery[] = [];
  const fas = createFasServer(
    (query) => queries.push(query),
    () => door.me().token,
  );
  await new Promise<void>((resolve) => fas.listen(0, '127.0.0.1', resolve));
  t.after(() => fas.close());
  const { port } = fas.address() as AddressInfo;
  const door = await startPages(t, { name: NAME, fas_port: port, fas_path: '/login?site=1', ...settings });

  /** Where a request to somewhere else is sent. */
  const sent = async () => {
    const location = (await door.request({ host: 'example.com', path: WANTED.slice('http://example.com'.length) }))
      .location;
    assert.match(location ?? '', new RegExp(`^http://127.0.0.1:${port}/login\\?site=1&`));
    return location!;
  };
  /** To the FAS and through its form. */
  const comeBack = async (change: (form: Record<string, string>) => void = () => {}) => {
    const page = await (await fetch(await sent())).text();
    const form = Object.fromEntries(
      [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, unescaped(value!)]),
    );
    const action = /action="([^"]*)"/.exec(page)![1]!;
    assert.ok(unescaped(action).startsWith('http://127.0.0.1:2050/nodogsplash_auth/'), action);
    change(form);
    return door.request({ path: `/nodogsplash_auth/?${new URLSearchParams(form)}` });
  };
  return { ...door, queries, sent, comeBack };
}

const unescaped = (text: string) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');

const COMMON = { site: '1', clientip: '127.0.0.1', gatewayname: NAME };
const LEVELS: readonly [string, Partial<PortalSettings>, (token: string) => FasQuery][] = [
  [
    'level 0',
    { fas_level: 0 },
    (tok) => ({
      site: '1',
      authaction: 'http://127.0.0.1:2050/nodogsplash_auth/?clientip=127.0.0.1',
      gatewayname: NAME,
      tok,
      redir: WANTED,
    }),
  ],
  ['level 1 without a key', { fas_level: 1 }, () => ({ ...COMMON, redir: WANTED })],
  [
    'level 1 with a key',
    { fas_level: 1, fas_key: FAS_KEY },
    (token) => ({ ...COMMON, hid: hash('sha256', token), gatewayaddress: '127.0.0.1:2050', redir: WANTED }),
  ],
  [
    'level 2',
    { fas_level: 2, fas_key: FAS_KEY },
    (tok) => ({
      clientip: '127.0.0.1',
      clientmac: '02:00:5e:10:00:01',
      gatewayname: encoded(NAME),
      tok,
      gatewayaddress: '127.0.0.1:2050',
      authdir: 'nodogsplash_auth',
      originurl: encoded(WANTED),
      clientif: 'lan',
    }),
  ],
];

for (const [level, settings, expected] of LEVELS) {
  test(`${level}: what the FAS is told, and its form lets in`, async (t) => {
    const { me, queries, sent, comeBack, asked, enter, request } = await lab(t, settings);
    const { token } = me();
    // Where the token is not to be seen, it is not.
    if (level !== 'level 0') assert.ok(!(await sent()).includes(token));
    if (level === 'level 1 without a key') {
      // This FAS stands on the gateway: it knows the door, and asks it for the token.
      const done = await request({ path: `/nodogsplash_auth/?tok=${token}&redir=${encodeURIComponent(WANTED)}` });
      assert.deepEqual([done.status, done.location], [307, WANTED]);
      await fetch(await sent());
    } else {
      const done = await comeBack();
      assert.deepEqual([done.status, done.location], [307, WANTED]);
    }
    assert.deepEqual(queries.at(-1), expected(token));
    assert.deepEqual(
      asked.map(({ redir }) => redir),
      [WANTED],
    );

    enter();
    const again = await request({ path: '/nodogsplash_auth/' });
    assert.equal(again.status, 307);
    assert.equal(await (await fetch(again.location!)).text(), '<p>already in</p>');
    assert.equal(queries.at(-1)?.status, 'authenticated');
    assert.equal((await request({ path: '/' })).status, 200, 'its status page is ours');
  });
}

test('what only looks like a pass leads back to the FAS and lets nobody in', async (t) => {
  const { me, comeBack, sent, asked, request } = await lab(t, { fas_level: 1, fas_key: FAS_KEY });
  const { token } = me();
  const hid = hash('sha256', token);
  for (const tok of [
    '',
    hid,
    hash('sha256', `${hid}1234567890`),
    hash('sha256', hid),
    hash('sha256', `${hash('sha256', '0'.repeat(32))}${FAS_KEY}`),
    `${hash('sha256', hid + FAS_KEY)}0`,
    hash('sha256', hid + FAS_KEY).toUpperCase(),
  ]) {
    const done = await comeBack((form) => {
      form.tok = tok;
    });
    assert.equal(done.status, 307, tok);
    assert.match(done.location ?? '', /\/login\?site=1&clientip=/, tok);
  }
  assert.equal(asked.length, 0);
  // Pages of ours do not show strangers the token, which would let them in without the FAS.
  for (const path of ['/', '/splash.html', '/status.html', '/nodogsplash_deny/', '/no/such/page'])
    assert.ok(!JSON.stringify(await request({ path })).includes(token), path);
  assert.ok((await sent()).length < 8_192);
  const long = await request({ host: 'example.com', path: `/${'x'.repeat(5_000)}` });
  assert.match(long.location ?? '', /&redir=$/);
});

test('a refusal after the FAS is told on a page of ours; what the FAS put into redir arrives whole', async (t) => {
  const { comeBack, asked, answerWith } = await lab(t, { fas_level: 2, fas_key: FAS_KEY });
  answerWith({ is: 'refused', reason: 'locked' });
  const done = await comeBack((form) => {
    form.redir = 'payload,with=anything "in" it';
    form.username = 'Guest';
  });
  assert.equal(done.status, 403);
  assert.match(done.body, /This account is locked\./);
  assert.deepEqual([asked[0]?.redir, asked[0]?.user], ['payload,with=anything "in" it', 'Guest']);
  answerWith({ is: 'code', transaction: '7', prompt: 'Code?' });
  const form = await comeBack();
  assert.match(form.body, /name="transaction" value="7"/);
});

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/%../g, (byte) => byte.toLowerCase());
}
