/** What clients write goes over HTTP, through the login, into the arguments of a BinAuth program: it arrives whole, or is refused. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Gate } from '../../../core/gate/types.ts';
import { openHelper } from '../../../platform/helper/helper.ts';
import { silentLog } from '../../../platform/log.ts';
import { createBinAuth } from '../binauth/binauth.ts';
import { DEFAULTS } from '../config/model.ts';
import { createLogIn } from '../login.ts';
import type { Sessions } from '../sessions.ts';
import type { VoucherDesk } from '../vouchers.ts';
import { startPages } from './lab.ts';

/** The first three arguments after the card's, and what stands in the environment, between NULs. */
const PROGRAM = `#!/bin/sh
{ printf '%s\\0' "$#" "$3" "$4" "$5" "$6" "$GATEHOUSE_USERNAME" "$GATEHOUSE_PASSWORD" "$GATEHOUSE_REDIR" "$GATEHOUSE_USER_AGENT"; } > "\${0%/*}/heard"
exit 1
`;

async function lab(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-hostile-'));
  const helper = openHelper();
  t.after(async () => {
    await helper.close();
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, 'program');
  writeFileSync(file, PROGRAM);
  chmodSync(file, 0o755);
  const gate = {
    async prove(knock) {
      const account = await knock.source!.find(knock.user, '');
      assert.equal(account?.checkPassword(''), false);
      return { verdict: 'refused', reason: 'wrong-proof', silent: false };
    },
  } as Gate;
  const pages = await startPages(
    t,
    {},
    {
      logIn: () =>
        createLogIn({
          settings: DEFAULTS,
          binauth: createBinAuth([file], helper, silentLog),
          vouchers: {} as VoucherDesk,
          journal: { append: () => {}, drain: async () => {} },
          users: { name: 'none', shared: false, ignoresCase: false, find: async () => null },
          sessions: { full: false } as Sessions,
          gate,
          clock: { now: () => 0, monotonic: () => 0 },
          log: silentLog,
        }),
    },
  );
  /** What the program heard, or undefined where it was not asked. */
  async function submit(fields: Record<string, string>, method: 'GET' | 'POST', userAgent = '') {
    rmSync(join(folder, 'heard'), { force: true });
    const form = String(new URLSearchParams({ tok: pages.me().token, ...fields }));
    const path = `/nodogsplash_auth/${method === 'GET' ? `?${form}` : ''}`;
    const headers: Record<string, string> = userAgent === '' ? {} : { 'user-agent': userAgent };
    const { status, location } = await pages.request({ path, method, headers, body: method === 'POST' ? form : '' });
    const heard = readdirSync(folder).includes('heard')
      ? readFileSync(join(folder, 'heard'), 'utf8').split('\0')
      : undefined;
    return { status, location, heard };
  }
  return { ...pages, folder, submit };
}

const TEXTS = [
  `';touch hole;'`,
  '$(touch hole)`touch hole`|touch hole&touch hole;touch hole',
  '"><script>alert(1)</script>',
  'a\r\nb\nc\td',
  '%41%zz%%s%n$HOME\\x41',
  '-rf --help',
  '* ? ~ [a-z] {a,b} !1 #',
  '\u0001\u001b[31m\u007f',
  'ž漢字🚪\u202e',
  'x'.repeat(255),
];

test('it arrives whole, as it was written and percent-encoded, whichever way it came', async (t) => {
  const { submit, folder } = await lab(t);
  for (const [index, text] of TEXTS.entries()) {
    const method = index % 2 === 0 ? 'GET' : 'POST';
    // A header is one line of visible text.
    const userAgent = text.replaceAll(/[^\x20-\x7e]/g, '').trim();
    const { status, location, heard } = await submit(
      { username: text, password: text, redir: text },
      method,
      userAgent,
    );
    assert.deepEqual([status, location?.endsWith('error=wrong')], [method === 'GET' ? 307 : 303, true], text);
    assert.ok(heard, text);
    assert.equal(heard[0], '7');
    for (const argument of heard.slice(1, 5)) assert.match(argument, /^(?:[A-Za-z0-9\-_.~]|%[0-9a-f]{2})*$/);
    assert.deepEqual(heard.slice(1, 5).map(decodeURIComponent), [text, text, text, userAgent]);
    assert.deepEqual(heard.slice(5, 9), [text, text, text, userAgent]);
  }
  assert.deepEqual(readdirSync(folder).toSorted(), ['heard', 'program']);
});

test('what is missing is `na` or nothing; a NUL goes in the argument only', async (t) => {
  const { submit } = await lab(t);
  assert.deepEqual((await submit({}, 'GET')).heard?.slice(0, 9), ['7', 'na', 'na', '', '', '', '', '', '']);
  assert.deepEqual((await submit({ username: 'a\0b' }, 'POST')).heard?.slice(1, 6), ['a%00b', 'na', '', '', '']);
});

test('what is too long is refused, never cut, and the program is not asked', async (t) => {
  const { submit, request, raw, me } = await lab(t);
  for (const [name, text] of [
    ['username', 'x'.repeat(256)],
    ['password', 'ž'.repeat(256)],
    ['redir', 'x'.repeat(4_097)],
  ] as const) {
    const { location, heard } = await submit({ [name]: text }, 'POST');
    assert.match(location ?? '', /error=(?:wrong|again)$/);
    assert.equal(heard, undefined);
  }
  const agent = await submit({ username: 'u' }, 'GET', 'x'.repeat(5_000));
  assert.deepEqual([agent.location?.endsWith('error=wrong'), agent.heard], [true, undefined]);
  const large = await raw(
    `POST /nodogsplash_auth/ HTTP/1.1\r\nHost: 127.0.0.1:2050\r\nContent-Length: 65600\r\n\r\ntok=${me().token}&username=${'x'.repeat(65_536)}`,
  );
  assert.ok(large === '' || large.startsWith('HTTP/1.1 413'));
  for (const cookie of ['x'.repeat(9_000), 'a=b; '.repeat(500)])
    assert.equal((await request({ path: '/', headers: { cookie } })).status, 200);
});

test('an encoding that is none is refused, in the query and in a form', async (t) => {
  const { request, me } = await lab(t);
  for (const bad of ['%', '%4', '%zz', '%ff', '%c3%28', '%ed%a0%80', '%f5%80%80%80']) {
    const form = `tok=${me().token}&username=${bad}`;
    assert.equal((await request({ path: `/nodogsplash_auth/?${form}` })).status, 400, bad);
    assert.equal((await request({ path: '/nodogsplash_auth/', method: 'POST', body: form })).status, 400, bad);
  }
});
