import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { placeOf } from '../../../core/limits/place.ts';
import { silentLog } from '../../../platform/log.ts';
import { failure, lab, ok, target } from './lab.ts';
import { createTransport, type Listen } from './transport.ts';
import type { Target } from './types.ts';

const udp4: Listen = { protocol: 'udp', address: '127.0.0.1', port: 0 };
const tcp4: Listen = { protocol: 'tcp', address: '127.0.0.1', port: 0 };

/** Whether the server keeps the connection: it answers a ping. */
async function isServed(socket: Socket): Promise<boolean> {
  socket.on('error', () => {}).write('\r\n\r\n');
  return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
}

async function dial(
  t: TestContext,
  port: number,
): Promise<{ socket: Socket; read: (length: number) => Promise<string> }> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  await once(socket, 'connect');
  const read = async (length: number) => {
    while (text.length < length) await once(socket, 'data');
    return text;
  };
  return { socket, read };
}

test('UDP: bytes come and go unchanged, keep-alives are swallowed', async (t) => {
  const { transport, messages, count, point } = await lab(t, [udp4]);
  const peer = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => peer.close());
  await once(peer, 'listening');
  const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
  for (const text of ['\r\n\r\n', '\0\0\0\0', '', `\r\n\r\nX${all}`])
    peer.send(Buffer.from(text, 'latin1'), point.port, '127.0.0.1');
  await count(1);
  assert.equal(messages[0]!.text, `X${all}`);
  const { source } = messages[0]!;
  assert.deepEqual([source.address, source.port, source.point], ['127.0.0.1', peer.address().port, point]);
  transport.send(all, target('udp', source.port));
  const [datagram] = (await once(peer, 'message')) as [Buffer];
  assert.equal(datagram.toString('latin1'), all);
  assert.deepEqual(transport.stats(), { received: 1, sent: 1, sendErrors: 0, connections: 0, kernelDrops: 0 });
});

test('UDP over IPv6 beside IPv4 on the same port', async (t) => {
  const { transport, messages, count, point } = await lab(t, [{ ...udp4, address: '::1' }]);
  assert.equal(point.hostPort, `[::1]:${point.port}`);
  assert.equal(transport.pointFor('udp', '127.0.0.1'), undefined);
  transport.send('hello', target('udp', point.port, { address: '::1' }));
  await count(1);
  assert.equal(messages[0]!.source.address, '::1');
});

test('UDP: failures are told, and only after send has returned', async (t) => {
  const { transport, point } = await lab(t, [udp4]);
  const cases: [Target, string, string][] = [
    [target('udp', 0), 'x', 'BAD_TARGET'],
    [target('udp', 65_536), 'x', 'BAD_TARGET'],
    [target('tcp', 5060), 'x', 'NO_SOCKET'],
    [target('udp', 5060, { address: '::1' }), 'x', 'NO_SOCKET'],
    [target('udp', point.port), 'x'.repeat(65_508), 'TOO_LARGE'],
    [target('udp', 5060, { address: 'sip.example' }), 'x', 'EINVAL'],
  ];
  for (const [to, text, expected] of cases) {
    const failed = failure();
    transport.send(text, to, failed);
    transport.send(text, to);
    assert.equal(await failed.code, expected);
  }
});

test('a receiver that throws harms neither the process nor the socket', async (t) => {
  const transport = createTransport({ listen: [udp4], log: silentLog, placeOf });
  t.after(() => transport.stop());
  const heard = new EventEmitter();
  await transport.start({
    onMessage(text) {
      heard.emit(text);
      throw new Error('bug');
    },
    onUnframed: () => assert.fail(),
  });
  for (const text of ['one', 'two']) {
    const arrived = once(heard, text);
    transport.send(text, target('udp', transport.points[0]!.port));
    await arrived;
  }
});

test('PORT_TAKEN names this very process, and nothing stays open', async (t) => {
  for (const taken of [udp4, tcp4]) {
    const { point } = await lab(t, [taken]);
    const free = { protocol: 'udp', address: '127.0.0.2', port: point.port } as const;
    const second = createTransport({ listen: [free, { ...taken, port: point.port }], log: silentLog, placeOf });
    const receiver = { onMessage: () => assert.fail(), onUnframed: () => assert.fail() };
    await assert.rejects(second.start(receiver), (error: Error & { code: string; where: string }) => {
      assert.equal(error.code, 'PORT_TAKEN');
      assert.match(
        error.message,
        new RegExp(`${taken.protocol} port ${point.port} is taken by .+ \\(process ${process.pid}\\); .*sip\\.listen`),
      );
      assert.equal(error.where, point.name);
      return true;
    });
    assert.equal(second.points.length, 0);
    await lab(t, [free]); // the first listener was closed again
  }
});

test('ADDRESS_MISSING for an address of another machine', async () => {
  for (const protocol of ['udp', 'tcp'] as const) {
    const transport = createTransport({
      listen: [{ protocol, address: '192.0.2.99', port: 0 }],
      log: silentLog,
      placeOf,
    });
    const receiver = { onMessage: () => assert.fail(), onUnframed: () => assert.fail() };
    await assert.rejects(transport.start(receiver), { code: 'ADDRESS_MISSING' });
  }
});

test('TCP: a message byte by byte, two in one segment, an answer over the same connection, a ping', async (t) => {
  const { transport, messages, count, point } = await lab(t, [tcp4]);
  const { socket, read } = await dial(t, point.port);
  socket.setNoDelay();
  for (const byte of ok('a\xff')) {
    socket.write(byte, 'latin1');
    await new Promise(setImmediate);
  }
  socket.write(ok('b') + ok('c'));
  await count(3);
  assert.deepEqual(
    messages.map((m) => m.text),
    [ok('a\xff'), ok('b'), ok('c')],
  );
  const { source } = messages[0]!;
  transport.send('answer', target('tcp', 1, { connection: source.connection }));
  transport.send('again', target('tcp', socket.localPort!)); // found by address and port
  socket.write('\r\n\r\n');
  assert.equal(await read(13), 'answeragain\r\n');
  assert.equal(transport.stats().connections, 1);
});

test('TCP: what cannot be framed can be answered, then the connection is closed', async (t) => {
  const { transport, point } = await lab(t, [tcp4]);
  const { socket, read } = await dial(t, point.port);
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket, 'end');
  assert.equal(await read(1), 'broken: Missing Content-Length Header (18)');
  await once(socket, 'close');
  assert.equal(transport.stats().connections <= 1, true);
});

test('TCP: one connection is opened to a peer and used again; ECONNREFUSED is told', async (t) => {
  const { transport, messages, count } = await lab(t, [tcp4]);
  const server = createServer((socket) => socket.on('data', () => socket.write(ok('peer'))).on('error', () => {}));
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  transport.send('one', target('tcp', port));
  await count(1);
  transport.send('two', target('tcp', port));
  await count(2);
  assert.equal(transport.stats().connections, 1);
  assert.equal(messages[1]!.source.port, port);

  const unused = createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const closedPort = (unused.address() as { port: number }).port;
  await once(unused.close(), 'close');
  const [first, second] = [failure(), failure()];
  transport.send('x', target('tcp', closedPort), first);
  transport.send('y', target('tcp', closedPort), second);
  assert.deepEqual(await Promise.all([first.code, second.code]), ['ECONNREFUSED', 'ECONNREFUSED']);
});

test('TCP: another port leads to a connection while it stands, and to nobody else’s', async (t) => {
  const { transport, messages, count, point } = await lab(t, [tcp4]);
  const [one, two] = [await dial(t, point.port), await dial(t, point.port)];
  one.socket.write(ok());
  await count(1);
  two.socket.write(ok());
  await count(2);
  const [first, second] = messages.map(({ source }) => source.connection!);
  assert.equal(transport.alias(first!, 9), true);
  assert.equal(transport.alias(second!, 9), false);
  assert.equal(transport.connectionTo('tcp', '127.0.0.1', 9), first);
  transport.send('x', target('tcp', 9));
  assert.equal(await one.read(1), 'x');
  assert.equal(transport.alias(first!, 10), true, 'the port said last counts');
  assert.equal(transport.connectionTo('tcp', '127.0.0.1', 9), undefined);
  one.socket.destroy();
  while (transport.stats().connections > 1) await turn();
  assert.equal(transport.connectionTo('tcp', '127.0.0.1', 10), undefined);
  assert.equal(transport.alias(first!, 11), false);
  assert.equal(transport.connectionTo('tcp', '127.0.0.1', two.socket.localPort!), second);
});

test('TCP: a half-closed peer is left, and nothing stays', async (t) => {
  const { transport, messages, count, point } = await lab(t, [tcp4]);
  const { socket } = await dial(t, point.port);
  socket.end(ok());
  await count(1);
  await once(socket, 'close');
  assert.equal(messages[0]!.source.connection!.open, false);
  const failed = failure();
  transport.send('x', target('tcp', 0, { connection: messages[0]!.source.connection }), failed);
  assert.equal(await failed.code, 'BAD_TARGET');
});

test('TCP: accepted connections are limited per place and in all; those we open do not count', async (t) => {
  const { transport, point } = await lab(t, [tcp4], { perPlace: 2, accepted: 2 });
  const peer = createServer((socket) => socket.on('error', () => {}));
  t.after(() => peer.close());
  await once(peer.listen(0, '127.0.0.1'), 'listening');
  const { port } = peer.address() as { port: number };
  const reached = once(peer, 'connection');
  transport.send('x', target('tcp', port));
  await reached;
  for (let i = 0; i < 2; i++) assert.equal(await isServed((await dial(t, point.port)).socket), true);
  assert.equal(await isServed((await dial(t, point.port)).socket), false);
  assert.equal(transport.stats().connections, 3);
});

test('TCP: few are opened at once, fewer to one place, and in all', async (t) => {
  const peer = createServer((socket) => socket.on('error', () => {}));
  t.after(() => peer.close());
  await once(peer.listen(0, '127.0.0.1'), 'listening');
  const { port } = peer.address() as { port: number };
  for (const limits of [{ connecting: 2 }, { connectingPerPlace: 2 }, { opened: 2 }, { perPlace: 2 }]) {
    const { transport } = await lab(t, [tcp4], limits);
    const others = ['127.0.0.1', limits.connectingPerPlace || limits.perPlace ? '127.0.0.1' : '127.0.0.2'];
    transport.send('x', target('tcp', port));
    transport.send('x', target('tcp', port), failure());
    transport.send('x', target('tcp', 9, { address: others[1]! }));
    const failed = failure();
    transport.send('x', target('tcp', 10), failed);
    assert.equal(await failed.code, 'TOO_MANY_CONNECTIONS', JSON.stringify(limits));
  }
});

test('TCP: a connection that stands makes room for another attempt, and one that failed, too', async (t) => {
  const { transport, count } = await lab(t, [tcp4], { connectingPerPlace: 1 });
  const peer = createServer((socket) => socket.on('error', () => {}).write(ok()));
  t.after(() => peer.close());
  await once(peer.listen(0, '127.0.0.1'), 'listening');
  transport.send('x', target('tcp', (peer.address() as { port: number }).port));
  await count(1);
  const unused = createServer().listen(0, '127.0.0.1');
  await once(unused, 'listening');
  const closedPort = (unused.address() as { port: number }).port;
  await once(unused.close(), 'close');
  for (let i = 0; i < 3; i++) {
    const failed = failure();
    transport.send('x', target('tcp', closedPort), failed);
    assert.equal(await failed.code, 'ECONNREFUSED');
    await new Promise(setImmediate);
  }
});

test('TCP: who says nothing, or never finishes a message, is closed after 32 s', async (t) => {
  const { count, pass, point } = await lab(t, [tcp4]);
  const silent = await dial(t, point.port);
  const slow = await dial(t, point.port);
  const good = await dial(t, point.port);
  good.socket.write(ok());
  await count(1);
  slow.socket.write('OPTIONS sip:a SIP/2.0\r\n');
  pass(31_999);
  slow.socket.write('Via: x\r\n');
  pass(1);
  await Promise.all([once(silent.socket, 'close'), once(slow.socket, 'close')]);
  assert.equal(good.socket.destroyed, false);
  pass(3_600_000);
  await once(good.socket, 'close');
});

test('TCP: a peer that does not read is given up when 1 MiB waits', async (t) => {
  const { transport, messages, count, point } = await lab(t, [tcp4]);
  const { socket } = await dial(t, point.port);
  socket.write(ok());
  await count(1);
  socket.pause();
  const { connection } = messages[0]!.source;
  const to = target('tcp', 0, { connection });
  for (let i = 0; i < 1000 && connection!.open; i++) {
    transport.send('x'.repeat(65_536), to);
    await new Promise(setImmediate);
  }
  assert.equal(connection!.open, false);
});
