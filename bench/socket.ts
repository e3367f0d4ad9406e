/**
 * What a datagram costs that comes and is sent back: CPU microseconds of a process that does nothing else, through the native
 * module beside Node's dgram, in alternate rounds at several rates. At the low ones each datagram finds the process asleep.
 *
 * The peer of this comparison is dgram. Datagrams have 680 bytes, as a REGISTER has.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatagramSocket } from '../src/doors/sip/transport/datagram.ts';
import { chooseUdp } from '../src/doors/sip/transport/udp-choice.ts';
import { printComparison } from './compare.ts';

const RATES = [500, 4000, 20_000];
const SECONDS = 2;
const ROUNDS = 3;
const SIZE = 680;

interface Echo {
  readonly process: ChildProcess;
  readonly port: number;
  readonly costs: number[];
}

export async function run(): Promise<void> {
  const load = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  load.bind(0, '127.0.0.1');
  await once(load, 'listening');
  load.on('message', () => {}); // what comes back must not pile up
  const [native, dgram] = [await startEcho('native'), await startEcho('dgram')];
  for (const echo of [native, dgram]) await cost(echo, load, 20_000); // compiles what is hot
  for (const rate of RATES) {
    native.costs.length = dgram.costs.length = 0;
    for (let round = 0; round < ROUNDS; round++) {
      for (const echo of [native, dgram]) echo.costs.push(await cost(echo, load, rate));
    }
    const unit = 'CPU microseconds per datagram received and sent';
    printComparison({ name: `socket-${rate}`, gatehouse: median(native), peer: median(dgram), unit }, 'cost', {
      gatehouseRounds: native.costs.map((one) => Number(one.toFixed(1))),
      peerRounds: dgram.costs.map((one) => Number(one.toFixed(1))),
    });
  }
  for (const echo of [native, dgram]) echo.process.disconnect();
  load.close();
}

async function startEcho(name: string): Promise<Echo> {
  const child = fork(import.meta.filename, [name]);
  const [port] = (await once(child, 'message')) as [number];
  return { process: child, port, costs: [] };
}

async function cost(echo: Echo, load: Socket, rate: number): Promise<number> {
  const datagram = Buffer.alloc(SIZE, 'x');
  const before = await used(echo);
  const start = performance.now();
  for (let sent = 0; sent < rate * SECONDS; await sleep(1)) {
    const due = Math.min((performance.now() - start) / 1000, SECONDS) * rate;
    for (; sent < due; sent++) load.send(datagram, echo.port, '127.0.0.1');
  }
  await sleep(100);
  const after = await used(echo);
  return (after.microseconds - before.microseconds) / (after.datagrams - before.datagrams);
}

interface Used {
  readonly microseconds: number;
  /** Sent back. */
  readonly datagrams: number;
}

async function used({ process }: Echo): Promise<Used> {
  process.send('');
  const [answer] = (await once(process, 'message')) as [Used];
  return answer;
}

function median({ costs }: Echo): number {
  return [...costs].sort((a, b) => a - b)[costs.length >> 1]!;
}

/** In the process of its own. */
async function echo(name: string): Promise<void> {
  const choice = chooseUdp(name === 'native');
  if (choice.name !== name) throw new Error(choice.why);
  const counters = { received: 0, sent: 0, sendErrors: 0 };
  const socket: DatagramSocket = await choice.open(
    { address: '127.0.0.1', port: 0 },
    {
      onMessage: (text, { address, port }) => socket.send(text, address, port, undefined),
      onUnframed: () => {},
    },
    counters,
  );
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send!({ microseconds: user + system, datagrams: counters.sent } satisfies Used);
  });
  process.on('disconnect', () => process.exit());
  process.send!(socket.point.port);
}

if (process.argv[1] === import.meta.filename) await echo(process.argv[2] ?? '');
