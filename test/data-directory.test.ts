/** The data directory belongs to one process at a time, to one user, and to nobody who only mistyped its path. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { takeLock } from '../src/platform/process-lock.ts';
import { endWith, folderFor } from './peers/children.ts';
import { makeSite } from './peers/gatehouse.ts';
import { freePort } from './peers/ports.ts';

const ROOT = join(import.meta.dirname, '..');

function begin(t: TestContext, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'bin', 'gatehouse'), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  endWith(t, child);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text;
  });
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, ...said }));
  return { child, ended, said };
}

test('six commands at once on a new directory: each has its turn, and the audit trail is whole', async (t) => {
  const data = join(folderFor(t, 'gatehouse-data'), 'data');
  const names = ['1000', '1001', '1002', '1003', '1004', '1005'];
  const added = await Promise.all(names.map((name) => begin(t, ['user', 'add', name, 'pw', '--data', data]).ended));
  for (const { status, err } of added) assert.equal(status, 0, err);
  const { status, out } = await begin(t, ['audit', 'verify', '--data', data]).ended;
  assert.deepEqual([status, out], [0, 'the audit trail is whole: 6 lines in 1 segment\n']);
});

test('an import and a starting server: neither breaks the trail of the other', async (t) => {
  const site = await makeSite(t);
  const where = ['--data', site.folder, '--config', join(site.folder, 'gatehouse.yaml')];
  const importing = begin(t, ['user', 'import', '-', ...where]);
  // It holds the directory from its first lines on, and gets the last ones while the server waits or serves.
  importing.child.stdin.write(Array.from({ length: 600 }, (_, i) => `${i},pw\n`).join(''));
  while (!existsSync(join(site.folder, 'gatehouse.db'))) await new Promise(setImmediate);
  const starting = site.start();
  importing.child.stdin.end(Array.from({ length: 600 }, (_, i) => `b${i},pw\n`).join(''));
  const { status, out, err } = await importing.ended;
  assert.deepEqual([status, out], [0, '1200 added\n'], err);
  const server = await starting;
  const user = site.run('user', 'add', '1000@x', 'pw');
  assert.equal(user.status, 0, user.stderr);
  assert.match(site.run('audit', 'verify').stdout, /^the audit trail is whole/);
  assert.equal(await server.stop(), 0);
  assert.match(site.run('audit', 'verify').stdout, /^the audit trail is whole/);
});

test('a directory is made for its owner alone; one that is held and not let go: the process is named', async (t) => {
  const above = join(folderFor(t, 'gatehouse-data'), 'not', 'yet');
  const data = join(above, 'data');
  assert.equal((await begin(t, ['user', 'add', '1000', 'pw', '--data', data]).ended).status, 0);
  assert.deepEqual(
    [above, data].map((path) => statSync(path).mode & 0o777),
    [0o755, 0o700],
    'who is given the directory gets to it',
  );
  const lock = takeLock(join(data, 'gatehouse.lock'), 'command');
  t.after(() => lock?.release());
  const { status, err } = await begin(t, ['user', 'add', '1000', 'pw', '--data', data]).ended;
  assert.equal(status, 4, err);
  assert.match(err, new RegExp(`in use by process ${process.pid}, a command \\[DATA_IN_USE\\]`));
});

test('commands that only ask make no data directory', async (t) => {
  const folder = folderFor(t, 'gatehouse-data');
  const data = join(folder, 'mistyped');
  const asking = ['who', 'status', 'user list', 'user show 1000', 'user export', 'audit verify', 'kick 1000'];
  for (const command of asking) {
    const { status, err } = await begin(t, [...command.split(' '), '--data', data]).ended;
    assert.equal(status, 2, `${command}: ${err}`);
    assert.match(err, /mistyped: there is no data directory: it does not exist \[DATA_MISSING\]\n {2}.*--data DIR/);
  }
  assert.deepEqual(readdirSync(folder), []);
  writeFileSync(data, '');
  assert.match((await begin(t, ['user', 'list', '--data', data]).ended).err, /it is no directory \[DATA_MISSING\]/);
  assert.match(
    (await begin(t, ['user', 'add', '1', 'x', '--data', data]).ended).err,
    /it is no directory \[DATA_DIRECTORY\]/,
  );
});

test('root leaves no files in the data directory of another user', { skip: process.getuid?.() !== 0 }, async (t) => {
  const data = join(folderFor(t, 'gatehouse-data'), 'data');
  mkdirSync(data);
  chownSync(data, 65534, 65534);
  for (const command of [['up'], ['user', 'add', '1000', "it's"]]) {
    const { status, err } = await begin(t, [...command, '--data', data]).ended;
    assert.equal(status, 1, err);
    assert.match(err, /belongs to nobody, .*\[OTHER_OWNER\]\n {2}run: sudo -u nobody gatehouse /);
  }
  const { err } = await begin(t, ['user', 'add', '1000', "it's", '--data', data]).ended;
  assert.ok(err.endsWith(`run: sudo -u nobody gatehouse user add 1000 'it'\\''s' --data ${data}\n`), err);
  assert.deepEqual(readdirSync(data), []);
});

test('the first administrator: a short password opens nothing, a lost one is set anew, the trail says by whom', async (t) => {
  const site = await makeSite(t);
  chmodSync(site.folder, 0o755);
  const where = ['--data', site.folder, '--config', join(site.folder, 'gatehouse.yaml')];
  const short = await begin(t, ['up', ...where], { GATEHOUSE_ADMIN_PASSWORD: 'short' }).ended;
  assert.equal(short.status, 2);
  assert.match(short.err, /\[ADMIN_PASSWORD_SHORT\]/);
  assert.equal(short.out, '', 'nothing was opened');

  const set = async (password: string) => {
    const { child, ended } = begin(t, ['admin', 'passwd', '--password-stdin', ...where]);
    child.stdin.end(`${password}\n`);
    const { status, out, err } = await ended;
    assert.deepEqual([status, out], [0, 'password of administrator admin set\n'], err);
  };
  const call = async (password: string) => {
    const authorization = `Basic ${btoa(`admin:${password}`)}`;
    const reply = await fetch(`http://127.0.0.1:${site.httpPort}/api/v1/addUser`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify([{ login: `u${password}`, password }]),
    });
    return reply.status;
  };
  await set('before-the-start');
  const server = await site.start();
  assert.match(server.output(), /others can look into the data directory; run: chmod o-rwx/);
  assert.equal(await call('before-the-start'), 200);
  await set('while-it-serves');
  assert.equal(await call('before-the-start'), 401);
  assert.equal(await call('while-it-serves'), 200);
  assert.equal(await server.stop(), 0);
  const audit = join(site.folder, 'audit');
  const trail = readdirSync(audit).map((name) => readFileSync(join(audit, name), 'utf8'));
  const by = [...trail.join('').matchAll(/"action":"([a-z-]+)","by":"([^"]+)"/g)].map(([, action, who]) => [
    action,
    who,
  ]);
  const here = `command line (uid ${process.getuid!()})`;
  assert.deepEqual(by, [
    ['set-admin-password', here],
    ['add-user', 'admin admin from 127.0.0.1'],
    ['set-admin-password', here],
    ['add-user', 'admin admin from 127.0.0.1'],
  ]);
});

test('a trail without lines is whole', async (t) => {
  const data = join(folderFor(t, 'gatehouse-data'), 'data');
  const http = await freePort();
  const environment = { GATEHOUSE__HTTP__LISTEN: `127.0.0.1:${http}`, GATEHOUSE_ADMIN_PASSWORD: 'short' };
  assert.equal((await begin(t, ['up', '--data', data], environment).ended).status, 2);
  const { status, out } = await begin(t, ['audit', 'verify', '--data', data]).ended;
  assert.deepEqual([status, out], [0, 'the audit trail is whole: 0 lines in 1 segment\n']);
});
