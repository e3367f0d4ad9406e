/**
 * The BinAuth programs of nodogsplash's manual, run word for word where it is at hand (the second one by busybox, for which it is written), and
 * ours of the same contract.
 */
// peers: busybox
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BinAuth, createBinAuth } from '../../src/doors/portal/binauth/binauth.ts';
import { portalConfig } from '../../src/doors/portal/config.ts';
import { preparePortal } from '../../src/doors/portal/prepare.ts';
import { openHelper } from '../../src/platform/helper/helper.ts';
import { silentLog } from '../../src/platform/log.ts';
import { folderFor } from './children.ts';
import { readManual } from './portal-manual.ts';

const NONE = { sent: 0, received: 0 };
const examples = join(import.meta.dirname, '..', '..', 'examples', 'portal');
const example = (name: string) => readFileSync(join(examples, name), 'utf8');
const HOSTILE = `';touch /tmp/hole;$(id)\`id\`"<b>\r\n2026 forged %41%s%n ž`;
const NOBODY = { mac: '02:00:5e:10:00:01', user: '', password: '', redir: '', userAgent: '', address: '10.0.0.1' };
const ALL: readonly string[] = [
  'client_auth',
  'client_deauth',
  'idle_deauth',
  'timeout_deauth',
  'ndsctl_auth',
  'ndsctl_deauth',
  'shutdown_deauth',
];

function start(t: TestContext, text: string, shell: readonly string[] = []) {
  const folder = folderFor(t, 'gatehouse-scripts');
  const file = join(folder, 'program.sh');
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  const helper = openHelper();
  t.after(() => helper.close());
  return { folder, binauth: createBinAuth([...shell, file], helper, silentLog) };
}

async function tellAll(binauth: BinAuth): Promise<void> {
  for (const event of ALL)
    binauth.tell({ event, mac: NOBODY.mac, bytes: { sent: 5, received: 7 }, started: 1_700_000_000_000, ends: 0 });
  await binauth.settle(30_000);
}

async function checkGroups(binauth: BinAuth): Promise<void> {
  const answer = async (user: string, password: string) => {
    const given = await binauth.ask({ ...NOBODY, user, password });
    return given.is === 'yes' ? given.seconds : given.is;
  };
  assert.equal(await answer('Staff', 'weneedit'), 0);
  assert.equal(await answer('Guest', 'thanks'), 600);
  for (const [user, password] of [
    ['Guest', 'weneedit'],
    ['Staff', ''],
    ['', ''],
    ['Staff" -o "x" = "x', 'x'],
    [HOSTILE, HOSTILE],
  ] as const)
    assert.equal(await answer(user, password), 'no', user);
}

test('our program for groups', async (t) => {
  const { folder, binauth } = start(t, example('binauth-groups.sh'));
  writeFileSync(join(folder, 'binauth-groups.list'), '# comment\n\nStaff 0 weneedit\nGuest 600 thanks\n');
  await checkGroups(binauth);
});

test('our program that writes a log: a line for each event, whatever clients write', async (t) => {
  const { folder, binauth } = start(t, '');
  const log = join(folder, 'portal', 'portal.log');
  writeFileSync(
    join(folder, 'program.sh'),
    example('binauth-log.sh')
      .replace('log=/var/log/gatehouse/portal.log', `log=${log}`)
      .replace('most=1000000', 'most=1500'),
  );
  const asked = { ...NOBODY, user: HOSTILE, password: 'secret', redir: 'http://h/', userAgent: HOSTILE };
  assert.deepEqual(await binauth.ask(asked), { is: 'yes', seconds: 0, most: NONE, rate: NONE });
  await tellAll(binauth);
  const lines = readFileSync(log, 'utf8').split('\n');
  assert.deepEqual(
    lines.map((line) => line.split(' ')[1]),
    ['auth_client', ...ALL, undefined],
  );
  assert.match(
    lines[0]!,
    /^[\d-]+T[\d:]+Z auth_client mac=02:00:5e:10:00:01 ip=10\.0\.0\.1 user=%27%3btouch[\w%.-]* redir=http%3a%2f%2fh%2f agent=[\w%.-]*$/,
  );
  assert.match(lines[1]!, / client_auth mac=02:00:5e:10:00:01 received=7 sent=5 start=1700000000 end=0$/);
  assert.equal(statSync(log).mode & 0o777, 0o600);
  for (let round = 0; round < 3; round++) await tellAll(binauth);
  assert.ok(statSync(log).size < 1_500 + 200 && existsSync(`${log}.1`), 'it does not grow for ever');
});

if (process.env.GATEHOUSE_SEEDS) {
  const manual = readManual(process.env.GATEHOUSE_SEEDS);

  test('a script for another shell is told from one for any, where /bin/sh is neither', (t) => {
    const folder = folderFor(t, 'gatehouse-scripts');
    const warned = (text: string, more: object = {}) => {
      const binauth = join(folder, 'program.sh');
      writeFileSync(binauth, text, { mode: 0o755 });
      const config = { interface: 'lan', rules: { 'users-to-router': 'allow' }, binauth, ...more };
      return preparePortal(portalConfig.parse(config)).problems.map(({ code }) => code);
    };
    const isDash = realpathSync('/bin/sh').endsWith('/dash');
    assert.deepEqual(warned(manual.log), isDash ? ['PORTAL_PROGRAM'] : []);
    assert.deepEqual(warned(manual.log, { binauth_shell: ['/usr/bin/busybox', 'ash'] }), []);
    assert.deepEqual(warned(manual.log.replace('#!/bin/sh', '#!/bin/bash')), []);
    for (const text of [manual.sitewide, example('binauth-groups.sh'), example('binauth-log.sh')])
      assert.deepEqual(warned(text), []);
  });

  test("the manual's program for groups", async (t) => {
    const { binauth } = start(t, manual.sitewide);
    await checkGroups(binauth);
    await tellAll(binauth);
  });

  test("the manual's program that writes a log, run by busybox", async (t) => {
    // It writes where it says, beside what others may have written there.
    const log = '/tmp/binauth.log';
    const wasThere = existsSync(log);
    t.after(() => {
      if (!wasThere) rmSync(log, { force: true });
    });
    const { binauth } = start(t, manual.log, ['/usr/bin/busybox', 'ash']);
    const user = `u${randomBytes(8).toString('hex')}`;
    const mac = `02:${[...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
    const asked = { ...NOBODY, mac, user, password: 'p', redir: 'http://h/?a=b', userAgent: 'A b' };
    assert.deepEqual(await binauth.ask(asked), { is: 'yes', seconds: 0, most: NONE, rate: NONE });
    binauth.tell({ event: 'timeout_deauth', mac, bytes: { sent: 5, received: 7 }, started: 1_000, ends: 2_000 });
    await binauth.settle(30_000);
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(mac))
      .map((line) => line.slice(line.indexOf('method=')));
    assert.deepEqual(lines, [
      `method=auth_client, clientmac=${mac}, clientip=10.0.0.1, username=${user}, password=p, redir=http://h/?a=b, useragent=A b`,
      `method=timeout_deauth, clientmac=${mac}, bytes_incoming=7, bytes_outgoing=5, session_start=1, session_end=2`,
    ]);
  });
}
