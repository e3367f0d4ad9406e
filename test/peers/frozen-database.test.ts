// peers: mariadb
/** A database that stops answering in the middle: SIGTERM ends the server all the same, and so it does while it starts. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockHolder } from '../../src/platform/process-lock.ts';
import { endWith } from './children.ts';
import { makeSite } from './gatehouse.ts';
import { startMariadb } from './mariadb.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WITHIN_MS = 5_000;

test('SIGTERM while the database hangs, during a call and during the start', async (t) => {
  const database = await startMariadb(t);
  const site = await makeSite(t, { database: database.url });
  const server = await site.start();
  while (!server.output().includes('Ctrl-C stops it.')) await new Promise(setImmediate);
  process.kill(database.pid, 'SIGSTOP');
  const url = `http://127.0.0.1:${site.httpPort}`;
  const call = fetch(`${url}/api/v1/addUser`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('admin:a password of the tests')}`, 'content-type': 'application/json' },
    body: JSON.stringify([{ login: '1000', password: 'x' }]),
  }).catch(() => undefined);
  // Once this is answered, the call before it is with the database.
  await fetch(`${url}/healthz`);
  const begun = performance.now();
  const code = await server.stop();
  assert.ok(performance.now() - begun < WITHIN_MS, server.output());
  assert.ok(code === 0 || code === 1, `${code}: ${server.output()}`);
  await call;

  const where = ['--data', site.folder, '--config', join(site.folder, 'gatehouse.yaml')];
  const starting = spawn(process.execPath, [join(ROOT, 'bin', 'gatehouse'), 'up', ...where], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWith(t, starting);
  let err = '';
  starting.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = once(starting, 'exit');
  const held = () => lockHolder(join(site.folder, 'gatehouse.lock')).pid === starting.pid;
  while (!held() && starting.exitCode === null) await new Promise(setImmediate);
  const told = performance.now();
  starting.kill('SIGTERM');
  const [status] = await ended;
  assert.ok(status === 1 || status === 4, err);
  assert.ok(performance.now() - told < WITHIN_MS);
  assert.match(err, /SIGTERM: something does not answer|STORAGE_UNAVAILABLE/);
});
