/**
 * What every DatagramSocket must do, run against each implementation. GATEHOUSE_TEST_NATIVE_UDP names another build of the native
 * module.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadNativeUdp, NATIVE_UDP } from '../../../platform/udp/native-udp.ts';
import { bufferWarning, type DatagramSocket, type OpenDatagramSocket, SOCKET_BUFFER } from './datagram.ts';
import { nativeSockets } from './native-socket.ts';
import { listenPoint } from './point.ts';
import type { Receiver, Source } from './types.ts';
import { openUdp } from './udp.ts';

const native = process.env.GATEHOUSE_TEST_NATIVE_UDP ?? NATIVE_UDP;
const implementations: [string, OpenDatagramSocket][] = [['dgram', openUdp]];
if (existsSync(native)) implementations.push(['native', nativeSockets(loadNativeUdp(native))]);

interface Heard {
  readonly text: string;
  readonly source: Source;
}

interface Lab {
  readonly socket: DatagramSocket;
  readonly counters: { received: number; sent: number; sendErrors: number };
  readonly heard: Heard[];
  /** Waits until that many came in all. */
  count(n: number): Promise<Heard[]>;
  /** In place of only noting what comes. */
  onMessage: ((one: Heard) => void) | undefined;
}

async function lab(t: TestContext, open: OpenDatagramSocket, address = '127.0.0.1', port = 0): Promise<Lab> {
  const counters = { received: 0, sent: 0, sendErrors: 0 };
  const heard: Heard[] = [];
  const news = new EventEmitter();
  const receiver: Receiver = {
    onMessage(text, source) {
      heard.push({ text, source });
      self.onMessage?.({ text, source });
      news.emit('message');
    },
    onUnframed: () => assert.fail(),
  };
  const socket = await open({ address, port }, receiver, counters);
  t.after(() => socket.close());
  const count = async (n: number) => {
    while (heard.length < n) await once(news, 'message');
    return heard;
  };
  const self: Lab = { socket, counters, heard, count, onMessage: undefined };
  return self;
}

async function peerOf(t: TestContext, address = '127.0.0.1'): Promise<Socket> {
  const peer = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  t.after(() => peer.close());
  await once(peer.bind(0, address), 'listening');
  return peer;
}

function failure(): { code: Promise<string>; sendFailed(code: string): void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { code: promise, sendFailed: resolve };
}

/** Numbers from 0 to below `below`, the same in each run (Park and Miller's generator). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 0x7fffffff;
    return state % below;
  };
}

for (const [name, open] of implementations) {
  test(`${name}: every byte comes and goes unchanged, the longest datagram whole`, async (t) => {
    const { socket, count } = await lab(t, open);
    const peer = await peerOf(t);
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    const longest = all.repeat(256).slice(-65_507);
    for (const text of [`!${all}`, longest, '!'])
      peer.send(Buffer.from(text, 'latin1'), socket.point.port, '127.0.0.1');
    const heard = await count(3);
    assert.deepEqual(
      heard.map((one) => one.text),
      [`!${all}`, longest, '!'],
    );
    const { port } = peer.address();
    const source = { point: socket.point, address: '127.0.0.1', port, connection: undefined };
    for (const one of heard) assert.deepEqual(one.source, source);
    for (const text of [all, longest, '']) {
      socket.send(text, '127.0.0.1', port, undefined);
      const [datagram] = (await once(peer, 'message')) as [Buffer];
      assert.equal(datagram.toString('latin1'), text);
    }
  });

  test(`${name}: a character above 255 gives its low byte`, async (t) => {
    const { socket, count } = await lab(t, open);
    socket.send('a€', '127.0.0.1', socket.point.port, undefined);
    assert.equal((await count(1))[0]!.text, 'a\xac');
  });

  test(`${name}: keep-alives and empty datagrams are swallowed, what leads a message is cut off`, async (t) => {
    const { socket, counters, count } = await lab(t, open);
    const peer = await peerOf(t);
    for (const text of ['\r\n\r\n', '\0\0\0\0', '', '\r\n\0', '\tx', '\r\nOPTIONS', '\0', 'end'])
      peer.send(text, socket.point.port, '127.0.0.1');
    const heard = await count(3);
    assert.deepEqual(
      heard.map((one) => one.text),
      ['\tx', 'OPTIONS', 'end'],
    );
    assert.equal(counters.received, 3);
  });

  test(`${name}: IPv6, from several addresses`, async (t) => {
    const { socket, count } = await lab(t, open, '0:0:0:0:0:0:0:1');
    assert.equal(socket.point.name, `udp:[::1]:${socket.point.port}`);
    const peers = [await peerOf(t, '::1'), await peerOf(t, '::1')];
    for (const [i, peer] of peers.entries()) {
      peer.send('hello', socket.point.port, '::1');
      const { source } = (await count(i + 1))[i]!;
      assert.deepEqual([source.address, source.port], ['::1', peer.address().port]);
    }
    socket.send('back', '::1', peers[1]!.address().port, undefined);
    assert.equal(String((await once(peers[1]!, 'message'))[0]), 'back');
  });

  test(`${name}: an IPv6 socket leaves the IPv4 port of the same number to others`, async (t) => {
    const { socket } = await lab(t, open, '::');
    const four = await lab(t, open, '127.0.0.1', socket.point.port);
    assert.equal(four.socket.point.port, socket.point.port);
  });

  test(`${name}: senders of many addresses are told apart`, async (t) => {
    const { socket, count } = await lab(t, open, '127.0.0.1');
    const addresses = Array.from({ length: 50 }, (_, i) => `127.0.${i}.${200 - i}`);
    const peers = await Promise.all(addresses.map((address) => peerOf(t, address)));
    for (let round = 0; round < 2; round++) {
      for (const [i, peer] of peers.entries()) peer.send(addresses[i]!, socket.point.port, '127.0.0.1');
    }
    const heard = await count(100);
    for (const { text, source } of heard) assert.equal(source.address, text);
    assert.equal(new Set(heard.map(({ source }) => source.address)).size, 50);
  });

  test(`${name}: failures are told as the system names them, and only after send has returned`, async (t) => {
    const four = await lab(t, open);
    const six = await lab(t, open, '::1');
    const cases: [Lab, string, number, string, string][] = [
      [four, 'sip.example', 5060, 'x', 'EINVAL'],
      [four, '::1', 5060, 'x', 'EINVAL'],
      [four, '1'.repeat(200), 5060, 'x', 'EINVAL'],
      [four, '255.255.255.255', 5060, 'x', 'EACCES'],
      [four, '127.0.0.1', four.socket.point.port, 'x'.repeat(65_508), 'TOO_LARGE'],
      [six, '127.0.0.1', 5060, 'x', 'EINVAL'],
      [six, '::ffff:127.0.0.1', 5060, 'x', 'ENETUNREACH'],
    ];
    for (const [{ socket, counters }, address, port, text, expected] of cases) {
      const failed = failure();
      const before = counters.sendErrors;
      let returned = false;
      socket.send(text, address, port, {
        sendFailed(code) {
          assert.ok(returned);
          failed.sendFailed(code);
        },
      });
      returned = true;
      assert.equal(await failed.code, expected, address);
      assert.equal(counters.sendErrors, before + 1);
    }
  });

  test(`${name}: a port where nobody listens is no failure, and harms nothing`, async (t) => {
    const { socket, counters, count } = await lab(t, open);
    const gone = await lab(t, open);
    await gone.socket.close();
    for (let i = 0; i < 3; i++) socket.send('x', '127.0.0.1', gone.socket.point.port, { sendFailed: assert.fail });
    socket.send('to itself', '127.0.0.1', socket.point.port, undefined);
    assert.equal((await count(1))[0]!.text, 'to itself');
    assert.deepEqual(counters, { received: 1, sent: 4, sendErrors: 0 });
  });

  test(`${name}: what the system refuses when opening`, async (t) => {
    const { socket } = await lab(t, open);
    const cases: [string, number, string][] = [
      ['127.0.0.1', socket.point.port, 'EADDRINUSE'],
      ['192.0.2.99', 0, 'EADDRNOTAVAIL'],
    ];
    for (const [address, port, code] of cases) {
      await assert.rejects(lab(t, open, address, port), { code, message: new RegExp(`bind ${code} ${address}`) });
    }
  });

  test(`${name}: order is kept, and others have their turn after a turn of datagrams at most`, async (t) => {
    const one = await lab(t, open);
    const { socket, heard, count } = one;
    let atImmediate = -1;
    one.onMessage = () => {
      one.onMessage = undefined;
      setImmediate(() => {
        atImmediate = heard.length;
      });
    };
    const peer = await lab(t, open);
    for (let i = 0; i < 1200; i++) peer.socket.send(`${i}`, '127.0.0.1', socket.point.port, undefined);
    await count(1200);
    assert.deepEqual(
      heard.map(({ text }) => text),
      Array.from({ length: 1200 }, (_, i) => `${i}`),
    );
    assert.ok(atImmediate > 0 && atImmediate <= socket.turn, `${atImmediate}`);
  });

  test(`${name}: how long a datagram waited is told while it is at hand, by the native module`, async (t) => {
    const one = await lab(t, open);
    const { socket, count } = one;
    const peer = await lab(t, open);
    const waits: number[] = [];
    one.onMessage = () => void waits.push(socket.waited);
    peer.socket.send('x', '127.0.0.1', socket.point.port, undefined);
    // Nothing is read meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    await count(1);
    if (name === 'native') assert.ok(waits[0]! >= 50, `${waits[0]}`);
    else assert.equal(waits[0], 0);
    assert.equal(socket.waited, 0);
  });

  test(`${name}: closed in the middle of a batch it is silent, and its port is free`, async (t) => {
    const one = await lab(t, open);
    const { socket, heard, count } = one;
    const closed = Promise.withResolvers<void>();
    one.onMessage = () => closed.resolve(socket.close());
    const peer = await lab(t, open);
    for (let i = 0; i < 10; i++) peer.socket.send(`${i}`, '127.0.0.1', socket.point.port, undefined);
    await count(1);
    await closed.promise;
    const failed = failure();
    socket.send('x', '127.0.0.1', peer.socket.point.port, failed);
    assert.equal(await failed.code, 'NO_SOCKET');
    await socket.close();
    const next = await lab(t, open, '127.0.0.1', socket.point.port);
    peer.socket.send('next', '127.0.0.1', socket.point.port, undefined);
    assert.equal((await next.count(1))[0]!.text, 'next');
    assert.equal(heard.length, 1);
  });

  for (const scenario of ['close', 'exit', 'worker', 'ending', 'throw']) {
    test(`${name}: the process ends as it should: ${scenario}`, async () => {
      const victim = join(import.meta.dirname, 'datagram.victim.ts');
      const child = spawn(process.execPath, [victim, name, native, scenario], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.setEncoding('latin1').on('data', (text: string) => {
        said += text;
      });
      assert.deepEqual(await once(child, 'close'), [0, null]);
      assert.equal(said, `${scenario} went well\n`);
    });
  }
}

test('what the system gave less of than was asked for is one warning, with the cure', () => {
  const point = listenPoint('udp', '192.0.2.1', 5060);
  const full = SOCKET_BUFFER * (process.platform === 'linux' ? 2 : 1);
  assert.equal(bufferWarning(point, full, full), undefined);
  const cases: [number, number, RegExp][] = [
    [full / 8, full, /got a receive buffer of 512 KiB instead of 4096.*: sysctl -w net\.core\.rmem_max=4194304$/],
    [full, full / 4, /got a send buffer of 1024 KiB instead of 4096.*: sysctl -w net\.core\.wmem_max=4194304$/],
    [
      full / 8,
      full / 4,
      /512 KiB and a send buffer of 1024 KiB .* net\.core\.rmem_max=4194304 net\.core\.wmem_max=4194304$/,
    ],
  ];
  for (const [received, sent, text] of cases) assert.match(bufferWarning(point, received, sent)!, text);
});

test('all implementations hear the same', async (t) => {
  const labs = await Promise.all(implementations.map(([, open]) => lab(t, open)));
  const random = randomFrom(20_261_122);
  const peers = await Promise.all(['127.0.0.1', '127.1.2.3', '127.255.255.254'].map((address) => peerOf(t, address)));
  let messages = 0;
  for (let i = 0; i < 2000; i++) {
    const size = [random(8), random(100), random(2000), i % 50 === 0 ? 65_507 - random(2) : 700][random(4)]!;
    // Many bytes that a keep-alive may have, so that some datagrams are one.
    const datagram = Buffer.from(Array.from({ length: size }, () => [0, 10, 13, random(256)][random(4)]!));
    const peer = peers[random(3)]!;
    if (datagram.some((byte) => byte !== 0 && byte !== 10 && byte !== 13)) messages++;
    await Promise.all(
      labs.map(({ socket }) => new Promise((resolve) => peer.send(datagram, socket.point.port, '127.0.0.1', resolve))),
    );
    if (i % 20 === 0) await Promise.all(labs.map(({ count }) => count(messages)));
  }
  const [first, ...others] = await Promise.all(labs.map(({ count }) => count(messages)));
  assert.ok(messages > 1000 && messages < 2000);
  const facts = (heard: Heard[]) => heard.map(({ text, source }) => [text, source.address, source.port]);
  for (const other of others) assert.deepEqual(facts(other), facts(first!));
});
