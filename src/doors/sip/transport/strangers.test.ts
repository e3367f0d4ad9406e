/**
 * Strangers at the listeners of TCP, TLS and WebSocket: whatever they send costs the connection it came over and no more. The
 * telephone beside them goes on, and when they have gone their address may have as many connections as before.
 *
 * GATEHOUSE_FUZZ_SEED=N gives other bytes.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type { TlsOptions } from '../../../platform/tls/certificates.ts';
import { lab, ok, target } from './lab.ts';
import type { Protocol } from './types.ts';

const fixtures = join(import.meta.dirname, '..', '..', '..', '..', 'test', 'fixtures', 'tls');
const tls: TlsOptions = {
  certificate: join(fixtures, 'gate.pem'),
  key: join(fixtures, 'gate.key'),
  names: [],
  ca: undefined,
  clientCertificate: 'none',
  verifyServer: true,
};
const ca = readFileSync(join(fixtures, 'authority.pem'));
const ATTACKER = '127.0.0.2';
const PER_PLACE = 20;
const seed = Number(process.env.GATEHOUSE_FUZZ_SEED ?? 20_261_122);

/** Park and Miller's generator. */
let state = seed;
function random(below: number): number {
  state = (state * 48_271) % 0x7fffffff;
  return state % below;
}
const noise = (length: number) => Buffer.from(Array.from({ length }, () => random(256)));

function mutated(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let i = random(4); i >= 0; i--) copy[random(copy.length)] = random(256);
  return random(2) === 0 ? copy : copy.subarray(0, random(copy.length));
}

const UPGRADE = Buffer.from(
  'GET / HTTP/1.1\r\nHost: gate.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: sip\r\n' +
    'Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
);

function frame(first: number, payload: Buffer, masked = true, length: number = payload.length): Buffer {
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = (masked ? 0x80 : 0) | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(masked ? 4 : 0), payload]);
}

/** First bytes of a frame: 0x80 ends the message, 0x70 are reserved, then the kind (0 goes on, 1 text, 2 binary, 8 close, 9 ping). */
const FRAMES: Record<string, () => Buffer> = {
  'no mask': () => frame(0x81, Buffer.from(ok()), false),
  'longer than may be': () => frame(0x82, noise(10), true, 1 << 30),
  'longer than can be': () => frame(0x82, noise(10), true, Number.MAX_SAFE_INTEGER),
  compressed: () => frame(0xc1, noise(20)),
  'reserved bits': () => frame(0xb1, noise(20)),
  'unknown kind': () => frame(0x83, noise(20)),
  'goes on with nothing': () => frame(0x80, noise(20)),
  'text that is not UTF-8': () => frame(0x81, Buffer.from([0xff, 0xfe])),
  'long ping': () => frame(0x89, noise(126)),
  'ping in pieces': () => frame(0x09, noise(1)),
  'close with one byte': () => frame(0x88, noise(1)),
  'close with a bad code': () => frame(0x88, Buffer.from([0, 1])),
  'message in a thousand pieces': () => Buffer.concat([frame(0x01, noise(0)), ...Array(1000).fill(frame(0, noise(0)))]),
  'many pings': () => Buffer.concat(Array(2000).fill(frame(0x89, Buffer.alloc(100)))),
  'half a frame': () => frame(0x81, Buffer.from(ok())).subarray(0, 12),
  noise: () => noise(random(300)),
};

/** What a telephone says first in TLS. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connectTls({ port: (server.address() as { port: number }).port, host: '127.0.0.1' }).on(
    'error',
    () => {},
  );
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [hello] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return hello;
}

/** Openings of strangers who do not speak TLS, or stop in the middle. */
function openings(hello: Buffer): Buffer[] {
  const sip = Buffer.from(ok('x'));
  const whole = [hello, UPGRADE, sip, Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from('\r\n'.repeat(500))];
  const get = Buffer.from('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const expecting = Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\nx');
  const chunked = Buffer.from('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\nx');
  const tunnel = Buffer.from('CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n');
  const wide = Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
  return [...whole, get, expecting, chunked, tunnel, wide, Buffer.concat([get, UPGRADE, UPGRADE])];
}

function isSecure(protocol: Protocol): boolean {
  return protocol === 'tls' || protocol === 'wss';
}

/** What TLS runs over. */
const BELOW = new WeakMap<Socket, Socket>();

/** A connection of a stranger; with `through` as far as TLS goes. */
async function stranger(t: TestContext, port: number, through: boolean): Promise<Socket> {
  const where = { port, host: '127.0.0.1', localAddress: ATTACKER };
  const below = connect(where).on('error', () => {});
  const socket = through ? connectTls({ socket: below, rejectUnauthorized: false }) : below;
  BELOW.set(socket, below);
  socket.on('error', () => {}).on('data', () => {});
  t.after(() => socket.destroy());
  await Promise.race([
    new Promise((resolve) => socket.once(through ? 'secureConnect' : 'connect', resolve)),
    new Promise((resolve) => socket.once('close', resolve)),
  ]);
  return socket;
}

function leave(socket: Socket): void {
  switch (random(3)) {
    case 0:
      socket.destroy();
      break;
    case 1:
      socket.end();
      break;
    default:
      (BELOW.get(socket) ?? socket).resetAndDestroy();
  }
}

const gone = (socket: Socket) =>
  socket.closed ? Promise.resolve() : new Promise<void>((resolve) => void socket.once('close', () => resolve()));

/** Says `text` as a telephone of this protocol. */
async function telephone(t: TestContext, protocol: Protocol, port: number, localAddress = '127.0.0.1') {
  const where = { host: '127.0.0.1', port, localAddress };
  if (protocol === 'ws' || protocol === 'wss') {
    const web = new WebSocket(`${protocol}://127.0.0.1:${port}`, 'sip', { localAddress, ca });
    t.after(() => web.terminate());
    const lost = new Promise<false>(
      (resolve) => void web.on('error', () => resolve(false)).on('close', () => resolve(false)),
    );
    const stands = await Promise.race([
      once(web, 'open').then(
        () => true,
        () => false,
      ),
      lost,
    ]);
    return { stands, say: (text: string) => web.send(text), end: () => web.terminate(), lost };
  }
  const socket = protocol === 'tls' ? connectTls({ ...where, ca }) : connect(where);
  t.after(() => socket.destroy());
  const lost = new Promise<false>((resolve) => void socket.on('error', () => {}).on('close', () => resolve(false)));
  const ready = protocol === 'tls' ? 'secureConnect' : 'connect';
  const stands = await Promise.race([
    new Promise<true>((resolve) => void socket.once(ready, () => resolve(true))),
    lost,
  ]);
  return { stands, say: (text: string) => void socket.write(text), end: () => socket.destroy(), lost };
}

async function scene(t: TestContext, protocol: Protocol, limits = {}) {
  const made = await lab(t, [{ protocol, address: '127.0.0.1', port: 0 }], { perPlace: PER_PLACE, ...limits }, { tls });
  const { transport, messages, point } = made;
  const phone = await telephone(t, protocol, point.port);
  assert.ok(phone.stands);
  let said = 0;
  const heard = async (text: string) => {
    for (;;) {
      const found = messages.find((one) => one.text.endsWith(text));
      if (found) return found;
      await new Promise(setImmediate);
    }
  };
  /** The telephone beside them is heard, and its connection can be answered over. */
  const goesOn = async () => {
    const text = `telephone ${said++}`;
    phone.say(ok(text));
    const { source } = await heard(text);
    assert.equal(source.connection?.open, true);
    transport.send(ok(), target(protocol, source.port, { connection: source.connection }));
    messages.length = 0;
  };
  /** As many as ever may come from the strangers' address. */
  const nothingIsLeft = async () => {
    for (let left = PER_PLACE; left > 0; ) {
      const all = await Promise.all(
        Array.from({ length: PER_PLACE }, () => telephone(t, protocol, point.port, ATTACKER)),
      );
      left = 0;
      for (const [at, one] of all.entries()) {
        if (one.stands) one.say(ok(`late ${at}`));
        if (!one.stands || !(await Promise.race([heard(`late ${at}`), one.lost]))) left++;
      }
      for (const one of all) one.end();
      messages.length = 0;
    }
  };
  return { ...made, goesOn, nothingIsLeft };
}

for (const protocol of ['tcp', 'tls', 'ws', 'wss'] as const) {
  test(`${protocol}: garbage and half handshakes (seed ${seed})`, async (t) => {
    const { point, goesOn, nothingIsLeft } = await scene(t, protocol);
    const given = openings(await clientHello());
    for (let round = 0; round < 40; round++) {
      const strangers = await Promise.all(
        Array.from({ length: 5 }, () => stranger(t, point.port, isSecure(protocol) && random(2) === 0)),
      );
      for (const socket of strangers) {
        const opening = given[random(given.length)]!;
        socket.write([opening, mutated(opening), noise(random(500))][random(3)]!);
        if (random(2) === 0) socket.write(noise(1 + random(100)));
      }
      await goesOn();
      for (const socket of strangers) leave(socket);
    }
    await nothingIsLeft();
  });

  test(`${protocol}: a thousand connections from one address`, async (t) => {
    const { point, goesOn, nothingIsLeft, transport } = await scene(t, protocol);
    for (let round = 0; round < 10; round++) {
      const strangers = await Promise.all(Array.from({ length: 100 }, () => stranger(t, point.port, false)));
      await goesOn();
      assert.ok(transport.stats().connections <= PER_PLACE + 1);
      for (const socket of strangers) leave(socket);
    }
    await nothingIsLeft();
  });

  test(`${protocol}: who dawdles is shown out`, async (t) => {
    const { point, goesOn, pass, nothingIsLeft } = await scene(t, protocol, { messageMs: 1000 });
    await goesOn();
    const first = isSecure(protocol) ? await clientHello() : protocol === 'ws' ? UPGRADE : Buffer.from(ok());
    const silent = await stranger(t, point.port, false);
    const slow = await stranger(t, point.port, false);
    const stopped = await stranger(t, point.port, false);
    stopped.write(first.subarray(0, -1));
    let at = 0;
    const drip = setInterval(() => {
      if (at < first.length - 1) slow.write(first.subarray(at++, at));
    }, 50);
    t.after(() => clearInterval(drip));
    pass(1000);
    await Promise.all([silent, slow, stopped].map(gone));
    await nothingIsLeft();
  });
}

for (const protocol of ['ws', 'wss'] as const) {
  test(`${protocol}: frames that nobody sends (seed ${seed})`, async (t) => {
    const { point, goesOn, nothingIsLeft } = await scene(t, protocol);
    for (const [name, make] of Object.entries(FRAMES)) {
      for (let times = 0; times < 4; times++) {
        const socket = await stranger(t, point.port, protocol === 'wss');
        const bytes = make();
        // With the request, so that the WebSocket is born with it, or when it stands.
        if (times < 2) socket.write(Buffer.concat([UPGRADE, bytes]));
        else {
          socket.write(UPGRADE);
          const [answer] = (await once(socket, 'data')) as [Buffer];
          assert.match(String(answer), /^HTTP\/1.1 101/, name);
          assert.doesNotMatch(String(answer), /extensions/i, 'nothing is compressed');
          socket.write(bytes);
        }
        if (times % 2 === 0) await goesOn();
        leave(socket);
        await goesOn();
      }
    }
    await nothingIsLeft();
  });
}
