/** What comes to another door by the HTTP port, whichever way it was sent. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { controlSocketOf } from '../../core/control/client.ts';
import { fakeAdministration } from '../../core/control/fake.ts';
import type { HttpRequest } from '../../platform/http-route.ts';
import { silentLog } from '../../platform/log.ts';
import { createMetrics } from '../../platform/metrics.ts';
import { createConsoleDoor } from './door.ts';

async function open(t: TestContext) {
  const dataDir = mkdtempSync(join(tmpdir(), 'gatehouse-routes-'));
  t.after(() => rmSync(dataDir, { recursive: true }));
  const requests: HttpRequest[] = [];
  const door = createConsoleDoor({
    listen: [{ address: '127.0.0.1', port: 0 }],
    controlSocket: controlSocketOf(dataDir),
    administration: () => fakeAdministration(),
    names: () => [],
    health: () => [],
    metrics: createMetrics({ version: '1' }),
    verifyAdmin: async () => false,
    log: silentLog,
    routes: [
      {
        prefixes: ['/one', '/two'],
        handle(request) {
          requests.push(request);
          if (request.path.endsWith('fail')) throw new Error('no');
          return { status: 202, type: 'text/plain', body: ':-)', headers: { 'set-cookie': ['a=1', 'b=2'] } };
        },
      },
    ],
  });
  await door.start();
  t.after(() => door.stop(0));
  const { port } = door.listeners()[0]!;
  return { requests, port, url: `http://127.0.0.1:${port}` };
}

const fieldsOf = (request: HttpRequest | undefined) => Object.fromEntries(request?.fields ?? []);

test('query, form, parts and JSON become the same fields', async (t) => {
  const { requests, url } = await open(t);
  const parts = new FormData();
  parts.set('user', 'ä b');
  parts.set('file', new File(['[x]\n'], 'policy.cfg'));
  for (const body of [
    new URLSearchParams('user=%C3%A4+b&n=1&user=second'),
    parts,
    '{"user":"ä b","n":1,"o":{"a":null},"z":null}',
  ]) {
    const headers: Record<string, string> = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
    const reply = await fetch(`${url}/two/deep/path?q=7&n=2`, { method: 'POST', body, headers });
    assert.deepEqual([reply.status, await reply.text()], [202, ':-)']);
    assert.deepEqual(reply.headers.getSetCookie(), ['a=1', 'b=2']);
    assert.equal(reply.headers.get('cache-control'), 'no-store');
  }
  assert.deepEqual(requests.map(fieldsOf), [
    { q: '7', n: '2', user: 'ä b' },
    { q: '7', n: '2', user: 'ä b', file: '[x]\n' },
    { q: '7', n: '2', user: 'ä b', o: '{"a":null}' },
  ]);
  const { method, path, address, secure } = requests[0]!;
  assert.deepEqual([method, path, address, secure], ['POST', '/two/deep/path', '127.0.0.1', false]);
  assert.equal((await fetch(`${url}/one/x?user=hans`)).status, 202);
  assert.deepEqual([requests[3]?.method, fieldsOf(requests[3])], ['GET', { user: 'hans' }]);
});

test('forms are taken nowhere else, and what is too large or broken not at all', async (t) => {
  const { requests, url } = await open(t);
  const status = async (path: string, body: string, type: string, method = 'POST') =>
    (await fetch(url + path, { method, body, headers: { 'content-type': type } })).status;
  const form = 'application/x-www-form-urlencoded';
  assert.equal(await status('/api/v1/who', 'a=b', form), 401);
  assert.equal(await status('/one/x', `a=${'x'.repeat(1024 * 1024)}`, form), 413);
  assert.equal(await status('/one/x', Array.from({ length: 1001 }, (_, i) => `f${i}=`).join('&'), form), 400);
  assert.equal(await status('/one/x', 'nothing', 'multipart/form-data; boundary=b'), 400);
  assert.equal(await status('/one/x', 'nothing', 'multipart/form-data'), 400);
  assert.equal(await status('/one/x', '{', 'application/json'), 400);
  assert.equal(await status('/one/x', '{"__proto__":{"user":"x"}}', 'application/json'), 400);
  assert.equal(await status('/one/x', 'user=x', 'text/plain'), 415);
  assert.equal(await status('/one/x', 'user=x', form, 'PUT'), 404);
  assert.equal((await fetch(`${url}/one/x`, { method: 'HEAD' })).status, 404);
  assert.equal((await fetch(`${url}/one`)).status, 404);
  assert.deepEqual(requests, []);
  assert.equal((await fetch(`${url}/one/fail?pass=1234`)).status, 500);
});

test('a foreign name is refused here too', async (t) => {
  const { requests, port } = await open(t);
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request({ port, host: '127.0.0.1', path: '/one/x', headers: { host: 'evil.example' } }, (reply) => {
    reply.resume();
    resolve(reply.statusCode);
  })
    .on('error', reject)
    .end();
  assert.equal(await promise, 421);
  assert.deepEqual(requests, []);
});
