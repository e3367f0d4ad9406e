import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../platform/clock.ts';
import type { HookedSession } from './types.ts';
import { webhook } from './webhook.ts';

const SECRET = 'a secret of sixteen and more';
const WITHIN = 20_000;
const SESSION: HookedSession = {
  door: 'radius',
  user: '1000',
  client: '192.0.2.1',
  session: 'radius:1',
  started: 1_700_000_000_000,
};
const tls = (name: string) => join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'tls', name);

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?site=1`;
}

function hookAt(t: TestContext, url: string, caFile?: string) {
  const hook = webhook({ url, secret: SECRET, caFile, clock: systemClock });
  t.after(() => hook.close());
  return hook;
}

test('what is posted, and its signature; the same delivery in each try of a notice', async (t) => {
  const heard: { path: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const url = await serve(t, async (request, reply) => {
    heard.push({ path: request.url!, headers: request.headers, body: await text(request) });
    reply.end('{"admit": true, "seconds": 600, "upload": 5, "upload_kbit": 0, "download_kbit": 512}');
  });
  const hook = hookAt(t, url);
  assert.deepEqual(await hook.ask(SESSION, WITHIN), {
    admitted: true,
    terms: { seconds: 600, upload: 5, downloadKbit: 512 },
  });
  const [asked] = heard;
  assert.equal(asked!.path, '/hook?site=1');
  assert.deepEqual(JSON.parse(asked!.body), { ...SESSION, event: 'admit', started: '2023-11-14T22:13:20.000Z' });
  const [, time, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(asked!.headers['gatehouse-signature']))!;
  assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 120);
  assert.equal(hex, createHmac('sha256', SECRET).update(`${time}.${asked!.body}`).digest('hex'));

  const event = { event: 'ended', ended: SESSION.started + 1000, reason: 'kicked', ...SESSION } as const;
  await hook.tell(event, WITHIN);
  await hook.tell(event, WITHIN);
  assert.deepEqual(JSON.parse(heard[1]!.body).ended, '2023-11-14T22:13:21.000Z');
  assert.equal(heard[1]!.headers['gatehouse-delivery'], heard[2]!.headers['gatehouse-delivery']);
  assert.notEqual(heard[0]!.headers['gatehouse-delivery'], heard[1]!.headers['gatehouse-delivery']);
});

test('what is no answer: an error, a redirect, a gigabyte, garbage, a line that is dropped, silence', async (t) => {
  const answers: Record<string, RequestListener> = {
    'answered 500': (_, reply) => reply.writeHead(500).end('{"admit": true}'),
    'answered 302': (_, reply) => reply.writeHead(302, { location: '/elsewhere' }).end(),
    'more than 16384 bytes': (_, reply) => {
      const pour = () => reply.write(Buffer.alloc(65_536, 32), () => reply.destroyed || pour());
      pour();
    },
    'no JSON: <html>': (_, reply) => reply.end('<html>'),
    'no object': (_, reply) => reply.end('7'),
    'no "admit"': (_, reply) => reply.end('{"ok": true}'),
    'no number: -1': (_, reply) => reply.end('{"admit": true, "seconds": -1}'),
    'more than 31536000 seconds': (_, reply) => reply.end('{"admit": true, "seconds": 99999999}'),
    'hang up|ECONNRESET': (_, reply) => reply.destroy(),
    'broke off': (_, reply) => {
      reply.writeHead(200, { 'content-length': 100 });
      reply.write('{"admit"', () => reply.destroy());
    },
  };
  for (const [what, listener] of Object.entries(answers)) {
    const hook = hookAt(t, await serve(t, listener));
    await assert.rejects(hook.ask(SESSION, WITHIN), { code: 'HOOK_FAILED', message: new RegExp(what) }, what);
  }
  const silent = hookAt(t, await serve(t, () => {}));
  await assert.rejects(silent.ask(SESSION, 50), { code: 'HOOK_FAILED', message: 'its time was over' });
});

test('https: only who shows a certificate that counts is asked', async (t) => {
  const pair = { cert: readFileSync(tls('gate.pem')), key: readFileSync(tls('gate.key')) };
  const server = createSecureServer(pair, (_, reply) => reply.end('{"admit": false, "reason": "not\\ntoday"}'));
  server.listen(0, '127.0.0.1');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await assert.rejects(hookAt(t, url).ask(SESSION, WITHIN), { code: 'HOOK_FAILED', message: /certificate/ });
  const trusting = hookAt(t, url, tls('authority.pem'));
  assert.deepEqual(await trusting.ask(SESSION, WITHIN), { admitted: false, reason: 'not?today' });
  assert.throws(() => hookAt(t, url, '/nowhere.pem'), { code: 'ENOENT' });
});
