import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ClientOptions, WebSocket } from 'ws';
import type { ConnectionLimits } from './connections.ts';
import { failure, lab, ok, target } from './lab.ts';
import type { Listen, SocketTransport, TransportOptions } from './transport.ts';

const fixtures = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures', 'tls');
const pem = (name: string) => readFileSync(join(fixtures, name));
const ws4: Listen = { protocol: 'ws', address: '127.0.0.1', port: 0 };

function webLab(t: TestContext, limits: Partial<ConnectionLimits> = {}, more: Partial<TransportOptions> = {}) {
  return lab(t, [ws4], limits, more);
}

/** A browser's side, open. */
async function open(t: TestContext, url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const web = new WebSocket(url, 'sip', options).on('error', () => {});
  t.after(() => web.terminate());
  await once(web, 'open');
  return web;
}

const closed = (web: WebSocket | Socket) => new Promise((resolve) => void web.on('close', resolve));
const here = (port: number) => `ws://127.0.0.1:${port}/sip`;

/** The status that a request for a WebSocket is refused with. */
async function refused(t: TestContext, port: number, protocols: string[], options: ClientOptions = {}) {
  const web = new WebSocket(here(port), protocols, options).on('error', () => {});
  t.after(() => web.terminate());
  const [, response] = await once(web, 'unexpected-response');
  return response.statusCode as number;
}

test('WebSocket: a message each, text or binary, the answer over the same connection, a ping', async (t) => {
  const { transport, messages, count, point } = await webLab(t);
  const web = await open(t, here(point.port));
  const said: [string, boolean][] = [];
  web.on('message', (data, isBinary) => said.push([String(data), isBinary]));
  web.send(ok('ü'));
  web.send(Buffer.from(`\r\n${ok('\xff')}`, 'latin1'));
  await count(2);
  assert.equal(messages[0]!.text, Buffer.from(ok('ü')).toString('latin1'));
  assert.equal(messages[1]!.text, ok('\xff'));
  const { source } = messages[0]!;
  assert.equal(source.point, point);
  transport.send('\xc3\xbc', target('ws', 1, { connection: source.connection }));
  transport.send('\xff', target('ws', source.port));
  web.send('\r\n\r\n');
  while (said.length < 3) await once(web, 'message');
  assert.deepEqual(said, [
    ['ü', false],
    ['�', true],
    ['\r\n', false],
  ]);
  assert.equal(transport.connectionTo('ws', '127.0.0.1', source.port), source.connection);
  web.close();
  await closed(web);
  while (transport.stats().connections > 0) await new Promise(setImmediate);
  const failed = failure();
  transport.send('late', target('ws', source.port), failed);
  assert.equal(await failed.code, 'CONNECTION_GONE');
});

test('WebSocket over TLS', async (t) => {
  const pair = { certificate: join(fixtures, 'gate.pem'), key: join(fixtures, 'gate.key') };
  const tls = { ...pair, names: [], ca: undefined, clientCertificate: 'require', verifyServer: true } as const;
  const { count, messages, transport } = await lab(t, [{ ...ws4, protocol: 'wss' }], {}, { tls });
  const { port } = transport.points[0]!;
  const web = await open(t, `wss://127.0.0.1:${port}`, { ca: readFileSync(join(fixtures, 'authority.pem')) });
  web.send(ok());
  await count(1);
  const { source } = messages[0]!;
  assert.equal(source.point.name, `wss:127.0.0.1:${port}`);
  assert.equal(transport.connectionTo('ws', '127.0.0.1', source.port), source.connection, 'a URI says ws');
});

test('WebSocket: who does not ask for `sip`, comes from a foreign page or wants something else is refused', async (t) => {
  const { point } = await webLab(t, {}, { webSocket: { origins: ['https://phone.example.com'] } });
  assert.equal(await refused(t, point.port, []), 400);
  assert.equal(await refused(t, point.port, ['chat']), 400);
  assert.equal(await refused(t, point.port, ['sip'], { origin: 'https://evil.example' }), 403);
  await open(t, here(point.port), { origin: 'https://phone.example.com' });
  await open(t, here(point.port));
  const page = await fetch(`http://127.0.0.1:${point.port}/`);
  assert.equal(page.status, 426);
});

test('WebSocket: a silent client is pinged, and given up when it does not answer', async (t) => {
  const { count, pass, point, transport } = await webLab(t);
  const good = await open(t, here(point.port));
  const mute = await open(t, here(point.port), { autoPong: false });
  for (const web of [good, mute]) web.send(ok());
  await count(2);
  const pinged = Promise.all([once(good, 'ping'), once(mute, 'ping')]);
  pass(45_000);
  await pinged;
  // The answer to this one shows that the answer to the ping has come.
  good.send('\r\n\r\n');
  await once(good, 'message');
  pass(15_000);
  await closed(mute);
  assert.equal(good.readyState, WebSocket.OPEN);
  while (transport.stats().connections > 1) await new Promise(setImmediate);
});

test('WebSocket: who never says anything is closed after 32 s, pings or not', async (t) => {
  const { pass, point } = await webLab(t);
  const silent = await open(t, here(point.port));
  silent.ping();
  await once(silent, 'pong');
  pass(32_000);
  await closed(silent);
});

test('WebSocket: what is too large, in too many frames or no WebSocket costs its connection', async (t) => {
  const { messages, point, count } = await webLab(t);
  const large = await open(t, here(point.port));
  large.send(Buffer.alloc(1_200_000));
  await closed(large);
  const pieces = await open(t, here(point.port));
  for (let i = 0; i < 100; i++) pieces.send('x', { fin: false });
  await closed(pieces);
  const garbage = connect(point.port, '127.0.0.1').on('error', () => {});
  garbage.write('OPTIONS sip:a SIP/2.0\r\n\r\n');
  await closed(garbage.resume());
  assert.equal(messages.length, 0);
  const good = await open(t, here(point.port));
  good.send(ok());
  await count(1);
});

test('WebSocket: connections count from the first byte on, and may not stay half open', async (t) => {
  // The request is timed by the real clock.
  const { point } = await webLab(t, { perPlace: 2, messageMs: 4_000 });
  const bare = () =>
    connect(point.port, '127.0.0.1')
      .on('error', () => {})
      .resume();
  const [silent, slow] = [bare(), bare()];
  slow.write('GET /sip HTTP/1.1\r\n');
  await Promise.all([once(silent, 'connect'), once(slow, 'connect')]);
  const third = bare();
  await closed(third);
  assert.equal(silent.destroyed || slow.destroyed, false);
  await Promise.all([closed(silent), closed(slow)]);
  await open(t, here(point.port));
});

test('WebSocket: a client that does not read is given up when 1 MiB waits', async (t) => {
  const { transport, messages, count, point } = await webLab(t);
  const web = await open(t, here(point.port));
  web.send(ok());
  await count(1);
  web.pause();
  const { connection } = messages[0]!.source;
  for (let i = 0; i < 2000 && connection!.open; i++) {
    transport.send('x'.repeat(65_536), target('ws', 0, { connection }));
    await new Promise(setImmediate);
  }
  assert.equal(connection!.open, false);
});

test('WebSocket: over an HTTP server of somebody else only pages of that server may connect, unless origins are listed', async (t) => {
  const { transport } = await webLab(t);
  const port = await shared(t, transport);
  for (const origin of ['https://evil.example', 'null', `http://127.0.0.1:${port}.evil.example`, 'http://127.0.0.1'])
    assert.equal(await refused(t, port, ['sip'], { origin }), 403, origin);
  await open(t, here(port), { origin: `http://127.0.0.1:${port}` });
  await open(t, here(port));
});

test('WebSocket: over an HTTP server of somebody else, with the same bounds', async (t) => {
  const { transport, count, messages } = await webLab(
    t,
    { perPlace: 1 },
    { webSocket: { origins: ['https://phone.example.com'] } },
  );
  const port = await shared(t, transport);
  assert.equal(await refused(t, port, ['sip'], { origin: 'https://evil.example' }), 403);
  transport.prepare(undefined, { origins: ['https://other.example'] })();
  assert.equal(await refused(t, port, ['sip'], { origin: 'https://phone.example.com' }), 403, 'others are allowed now');
  const web = await open(t, here(port));
  web.send(ok());
  await count(1);
  assert.equal(messages[0]!.source.point.name, `ws:127.0.0.1:${port}`);
  const second = new WebSocket(here(port), 'sip').on('error', () => {});
  await closed(second);
  web.close();
  await closed(web);
});

test('WebSocket: over an HTTPS server of somebody else it is wss', async (t) => {
  const { transport, count, messages } = await webLab(t);
  const port = await shared(t, transport, true);
  const web = await open(t, `wss://127.0.0.1:${port}`, { ca: pem('authority.pem') });
  web.send(ok());
  await count(1);
  assert.equal(messages[0]!.source.point.name, `wss:127.0.0.1:${port}`);
  const got = once(web, 'message');
  assert.equal(transport.connectionTo('wss', '127.0.0.1', messages[0]!.source.port), messages[0]!.source.connection);
  transport.send('SIP/2.0 100 Trying\r\n\r\n', target('wss', 0, { connection: messages[0]!.source.connection! }));
  assert.match(String((await got)[0]), /^SIP\/2\.0 100/);
});

/** Port of an HTTP server that hands over what asks for WebSockets. */
async function shared(t: TestContext, transport: SocketTransport, secure = false): Promise<number> {
  const server = secure ? createSecureServer({ cert: pem('gate.pem'), key: pem('gate.key') }) : createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const take = await transport.adoptWebSockets!({ address: '127.0.0.1', port, secure });
  server.on('upgrade', (request, socket, head) => take(request, socket as Socket, head));
  return port;
}
