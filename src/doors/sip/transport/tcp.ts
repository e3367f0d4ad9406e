/** TCP: listeners, and connections that we open. */
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import type { Accepting, Ends, PooledConnection, StreamListen, StreamProtocol } from './connections.ts';
import { familyOf, isWildcard, listenPoint } from './point.ts';
import { StreamConnection } from './stream-connection.ts';
import type { ListenPoint } from './types.ts';

/** The kernel finds out whether a silent peer is still there. */
const KEEP_ALIVE_MS = 120_000;
export const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };

export class Tcp implements StreamProtocol {
  readonly #host: Accepting;
  readonly #servers: Server[] = [];

  constructor(host: Accepting) {
    this.#host = host;
  }

  async listen(listen: StreamListen): Promise<ListenPoint> {
    const host = this.#host;
    const server = createServer(SOCKET_OPTIONS);
    const { address, port } = await openServer(server, listen, host);
    const point = listenPoint('tcp', address, port, listen.advertised);
    server.on('connection', (socket) => {
      if (!host.admit(socket, point)) return;
      host.accept(socket, point, (ends) => new StreamConnection(socket, host, ends, 'connect'));
    });
    this.#servers.push(server);
    return point;
  }

  connect(ends: Ends): PooledConnection {
    const socket = connect({ ...whereTo(ends), ...SOCKET_OPTIONS });
    return new StreamConnection(socket, this.#host, ends, 'connect');
  }

  close(): Promise<void> {
    return closeServers(this.#servers);
  }
}

/** Listens, and says where. Rejects with the system's error. */
export async function openServer(
  server: Server,
  { address, port }: StreamListen,
  host: Accepting,
): Promise<{ address: string; port: number }> {
  server.listen({ host: address, port, ipv6Only: familyOf(address) === 6, exclusive: true });
  await once(server, 'listening');
  // accept failed (out of descriptors); the listener itself lives on.
  server.on('error', () => void host.refused++);
  return server.address() as { address: string; port: number };
}

export async function closeServers(servers: Server[]): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => once(server.close(), 'close')));
}

/** For net.connect and tls.connect. */
export function whereTo({ point, address, port }: Ends): {
  host: string;
  port: number;
  localAddress: string | undefined;
} {
  return { host: address, port, localAddress: isWildcard(point.address) ? undefined : point.address };
}
