import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { silentLog } from '../../../platform/log.ts';
import { Certificates } from '../../../platform/tls/certificates.ts';
import { ADDRESS, startPages } from './lab.ts';
import { closeHttp, listenHttp } from './server.ts';

const pem = (name: string) => join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures', 'tls', name);

test('over TLS a device learns its state, and where the page is, over TLS too (RFC 8908 section 5)', async (t) => {
  const files = { certificate: pem('gate.pem'), key: pem('gate.key') };
  const https = { name: 'Localhost', port: 2443, ...files };
  const { app, request } = await startPages(t, { https });
  const certificates = new Certificates(
    { ...files, names: [], ca: undefined, clientCertificate: 'none', verifyServer: true },
    silentLog,
  );
  const server = await listenHttp({ address: ADDRESS, port: 0 }, app, certificates);
  t.after(() => {
    certificates.close();
    return closeHttp([server], 1_000);
  });
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string, host = 'localhost:2443') => {
    const { promise, resolve, reject } = Promise.withResolvers<{ body: string; location: string | undefined }>();
    const to = {
      host: ADDRESS,
      port,
      path,
      servername: 'localhost',
      ca: readFileSync(pem('authority.pem')),
      agent: false,
    };
    get({ ...to, headers: { host } }, async (reply) =>
      resolve({ body: await text(reply), location: reply.headers.location }),
    ).on('error', reject);
    return promise;
  };
  const state = JSON.parse((await ask('/captive-portal')).body) as Record<string, unknown>;
  assert.deepEqual([state.captive, state['user-portal-url']], [true, 'https://Localhost:2443/']);
  assert.match((await ask('/')).body, /action="https:\/\/Localhost:2443\/nodogsplash_auth\/"/);
  assert.match((await ask('/', 'example.com')).location ?? '', /^http:\/\/127\.0\.0\.1:2050\//);
  assert.match((await request({ path: '/' })).body, /action="http:\/\/127\.0\.0\.1:2050\/nodogsplash_auth\/"/);
});
