/**
 * Ports for tests: free on loopback for UDP and TCP alike, and not handed out twice in this process.
 *
 * They lie below those that Linux hands out by itself, and are drawn by lot: test files run side by side, and a port that only was free a
 * moment ago may be another's by the time that it is opened.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

const LOWEST = 10_240;
const BEYOND = 32_768;

const given = new Set<number>();

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST, BEYOND);
    if (!given.has(port) && (await isFreeForTcp(port)) && (await isFreeForUdp(port))) {
      given.add(port);
      return port;
    }
  }
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
