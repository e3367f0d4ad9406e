/** How a process, or a worker, comes to its end with a socket: run by datagram.test.ts. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadNativeUdp } from '../../../platform/udp/native-udp.ts';
import { nativeSockets } from './native-socket.ts';
import type { Receiver } from './types.ts';
import { openUdp } from './udp.ts';

const [implementation, file, scenario]: string[] = isMainThread ? process.argv.slice(2) : workerData;
const open = implementation === 'native' ? nativeSockets(loadNativeUdp(file)) : openUdp;
const scenarios: Readonly<Record<string, () => Promise<void>>> = {
  close,
  exit,
  worker,
  inWorker,
  ending,
  endInWorker,
  throw: throws,
};
await scenarios[scenario!]!();

async function socket(onMessage: Receiver['onMessage'] = () => {}) {
  const receiver = { onMessage, onUnframed: () => {} };
  return open({ address: '127.0.0.1', port: 0 }, receiver, { received: 0, sent: 0, sendErrors: 0 });
}

function well(): void {
  process.stdout.write(`${scenario} went well\n`);
}

/** Nothing keeps the process once its socket is closed; an open one does. */
async function close(): Promise<void> {
  const one = await socket(() => {
    well();
    void one.close();
  });
  setTimeout(() => one.send('x', '127.0.0.1', one.point.port, undefined), 50).unref();
}

/** Within a batch. */
async function exit(): Promise<void> {
  const one = await socket(() => {
    well();
    process.exit();
  });
  one.send('x', '127.0.0.1', one.point.port, undefined);
}

/** Terminated with open sockets while datagrams come in. */
async function worker(): Promise<void> {
  const one = new Worker(import.meta.filename, { workerData: [implementation, file, 'inWorker'] });
  await once(one, 'message');
  await one.terminate();
  well();
}

async function inWorker(): Promise<void> {
  const one = await socket((text, { address, port }) => {
    one.send(text, address, port, undefined);
    parentPort!.postMessage('it runs');
  });
  await socket();
  one.send('round and round', '127.0.0.1', one.point.port, undefined);
}

/** A worker ends while a socket of its is being closed, another open, and a third in the place of the first. */
async function ending(): Promise<void> {
  const one = new Worker(import.meta.filename, { workerData: [implementation, file, 'endInWorker'] });
  await once(one, 'exit');
  well();
}

async function endInWorker(): Promise<void> {
  const one = await socket(async () => {
    void one.close();
    void socket();
    process.exit();
  });
  await socket();
  one.send('x', '127.0.0.1', one.point.port, undefined);
}

/** A receiver that throws is the process's matter; the socket lives on. */
async function throws(): Promise<void> {
  const texts: string[] = [];
  process.on('uncaughtException', (error) => void texts.push(error.message));
  const one = await socket((text) => {
    if (text === 'last') {
      if (texts.join() === 'first,second') well();
      void one.close();
      return;
    }
    setImmediate(() => one.send(text === 'first' ? 'second' : 'last', '127.0.0.1', one.point.port, undefined));
    throw new Error(text);
  });
  one.send('first', '127.0.0.1', one.point.port, undefined);
}
