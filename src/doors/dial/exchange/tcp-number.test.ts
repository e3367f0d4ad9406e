// peers: python3
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callOf, gone, Script, until } from '../lab.ts';
import { openModem } from '../modem/modem.ts';
import { DEFAULT_STRINGS } from '../modem/strings.ts';
import { startExchange } from './exchange.ts';

const SECOND = 40;
const LONG = { timeoutMs: 30_000 };

async function listener(t: TestContext) {
  const server = createServer({ allowHalfOpen: false }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => void server.close());
  const next = async () => ((await once(server, 'connection')) as [Socket])[0];
  return { port: (server.address() as AddressInfo).port, next };
}

test('a number that leads to TCP: bytes both ways, telnet taken out, hung up from either end; where nothing listens it rings', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gatehouse-tcp-'));
  const [raw, telnet] = [await listener(t), await listener(t)];
  const host = '127.0.0.1';
  const exchange = await startExchange({
    ...{ directory, lines: 2, secondMs: SECOND },
    numbers: new Map([
      ['555', { protocol: 'tcp', host, port: raw.port }],
      ['556', { protocol: 'telnet', host, port: telnet.port }],
      // Nobody can listen on it.
      ['557', { protocol: 'tcp', host: '255.255.255.255', port: 1 }],
    ]),
  });
  const strings = { ...DEFAULT_STRINGS, preInitDelayMs: 1, initDelayMs: 1, escapeGuardMs: SECOND * 1.5 };
  const [modem, other] = await Promise.all(exchange.lines.slice(0, 2).map(({ path }) => openModem(path, strings)));
  t.after(async () => {
    await Promise.all([modem!.close(), other!.close()]);
    await exchange.close();
    rmSync(directory, { recursive: true });
  });
  assert.equal(exchange.lines[3]!.path, `telnet://127.0.0.1:${telnet.port}`);

  // What is said at once waits for CONNECT.
  const [first, socket] = await Promise.all([modem!.dial('555', LONG).then(callOf), raw.next().then(greet('login: '))]);
  const script = new Script(first);
  await script.expect('login: ');
  assert.deepEqual(await other!.dial('555', LONG), { kind: 'busy' });
  script.send('\xffname');
  const said: number[] = [];
  socket.on('data', (bytes) => said.push(...bytes));
  await until(() => said.length === 6);
  assert.deepEqual(said, [0xff, ...Buffer.from('name\r')]);
  socket.end('bye');
  await script.expect('bye');
  await gone(first);
  await modem!.hangUp();

  const greeting = Buffer.from([0xff, 0xfb, 1, ...Buffer.from('host\r\0'), 0xff, 0xfd, 24]);
  const [second, session] = await Promise.all([
    modem!.dial('556', LONG).then(callOf),
    telnet.next().then(greet(greeting)),
  ]);
  const heard: number[] = [];
  session.on('data', (bytes) => heard.push(...bytes));
  const asTelnet = new Script(second);
  await asTelnet.expect('host\r');
  asTelnet.send('x');
  await until(() => heard.length === 9);
  assert.deepEqual(heard, [0xff, 0xfd, 1, 0xff, 0xfc, 24, ...Buffer.from('x\r\0')]);
  const end = once(session, 'end');
  await modem!.hangUp();
  await end;

  await modem!.command('ATS7=2');
  assert.deepEqual(await modem!.dial('557', LONG), { kind: 'no answer' });
  await until(() => exchange.lines.every(({ state }) => state === 'command'));
});

function greet(words: string | Buffer): (socket: Socket) => Socket {
  return (socket) => {
    socket.write(words);
    return socket;
  };
}
