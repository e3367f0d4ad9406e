/**
 * Stands between Gatehouse and a database server and cuts connections in the middle of what matters: before the server has read a
 * statement, when it has read half of it, or when it has carried it out and its answer is on the way back.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Cleanup } from './cleanup.ts';

const PLACES = ['before', 'half', 'after'] as const;
type Place = (typeof PLACES)[number];

export interface CuttingProxy {
  readonly port: number;
  /** Cuts done, by place. */
  readonly cuts: Record<Place, number>;
  /** Cuts one in so many of the packets from the client that match, each time at the next place; 0: none. */
  every(count: number, match?: RegExp): void;
}

export async function cuttingProxy(t: Cleanup, serverPort: number): Promise<CuttingProxy> {
  const cuts = { before: 0, half: 0, after: 0 };
  const open = new Set<Socket>();
  let [every, match, seen, place] = [0, /(?:)/, 0, 0];
  const listener = createServer((client) => {
    const server = connect(serverPort, '127.0.0.1');
    let last = false;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      open.add(socket);
      socket.on('error', end).on('close', () => {
        open.delete(socket);
        end();
      });
    }
    client.on('data', (data) => {
      const where = chosen(data);
      if (where === 'before') return end();
      if (where === 'half') return server.write(data.subarray(0, data.length >> 1), end);
      last = where === 'after';
      server.write(data);
    });
    server.on('data', (data) => (last ? end() : client.write(data)));
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  t.after(async () => {
    listener.close();
    for (const socket of open) socket.destroy();
  });
  const { port } = listener.address() as { port: number };
  return {
    port,
    cuts,
    every(count, what = match) {
      [every, match, seen] = [count, what, 0];
    },
  };

  function chosen(data: Buffer): Place | undefined {
    if (every === 0 || !match.test(data.toString('latin1')) || ++seen % every !== 0) return undefined;
    const chosen = PLACES[place++ % PLACES.length]!;
    cuts[chosen]++;
    return chosen;
  }
}
