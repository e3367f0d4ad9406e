/**
 * The connections of an HTTP listener: bounded, and handed on when a request to `/sip` asks for a WebSocket. Those then count with
 * whoever took them, and no more here.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { TakeUpgrade } from '../../platform/http-upgrade.ts';

/** Of each listener; more are closed at once. Those in which nobody asks anything are closed before it comes to that. */
const MAX_CONNECTIONS = 256;
const PATH = '/sip';

/**
 * Gives what to call when somebody takes upgrades: until then, and under other paths or hosts, they are refused. `isOwnHost`: of a Host
 * header.
 */
export function guardConnections(
  server: Server,
  isOwnHost: (host: string | undefined) => boolean,
): (take: TakeUpgrade) => void {
  /** By who is at the other end: of TLS there are two sockets, one in the other. */
  const open = new Set<string>();
  let taker: TakeUpgrade | undefined;
  server.on('connection', (socket) => {
    if (open.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    const name = farEnd(socket);
    open.add(name);
    socket.on('close', () => open.delete(name));
    if (open.size === MAX_CONNECTIONS) server.closeIdleConnections();
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const path = request.url?.split('?', 1)[0];
    if (taker === undefined || path !== PATH || !isOwnHost(request.headers.host)) {
      const refusal = path === PATH && taker ? '421 Misdirected Request' : '404 Not Found';
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
      return;
    }
    open.delete(farEnd(socket as Socket));
    taker(request, socket as Socket, head);
  });
  return (take) => {
    taker = take;
  };
}

function farEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
