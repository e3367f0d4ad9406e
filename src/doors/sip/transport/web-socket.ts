/**
 * SIP over WebSocket (RFC 7118), with and without TLS: an HTTP server that does nothing but open WebSockets of the subprotocol `sip`.
 *
 * The request that opens one must have come whole after ten seconds. What asks for anything else is answered 426, without the
 * subprotocol 400, from a web page of an origin that is not allowed 403; the connection is then closed.
 *
 * A port of its own is opened for web pages, and without a list of origins it is open to all of them. One that is shared with
 * an HTTP server is there for other reasons: without a list only pages of that server may connect, since any page that somebody looks
 * at could else speak SIP from his address, which a script may trust.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import type { Certificates } from '../../../platform/tls/certificates.ts';
import type { Accepting, StreamListen, StreamProtocol } from './connections.ts';
import { MAX_BODY, MAX_HEAD } from './framing.ts';
import { listenPoint } from './point.ts';
import { closeServers, openServer, SOCKET_OPTIONS } from './tcp.ts';
import type { ListenPoint } from './types.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

export interface WebSocketOptions {
  /**
   * Origins of web pages that may connect, `https://phone.example.com`; empty: all, or over a shared port those of its own. Programs
   * that name none may always.
   */
  readonly origins: readonly string[];
}

const SUBPROTOCOL = 'sip';
const MAX_FRAMES = 64;
const REQUEST_MS = 10_000;

export class WebSockets implements StreamProtocol {
  readonly #host: Accepting;
  readonly #certificates: Certificates | undefined;
  #origins: ReadonlySet<string> = new Set();
  readonly #servers: Server[] = [];
  readonly #handshakes = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAX_HEAD + MAX_BODY,
    maxFragments: MAX_FRAMES,
    // Pings are answered by the connection, which knows how much waits already.
    autoPong: false,
    handleProtocols: () => SUBPROTOCOL,
  });

  /** `certificates`: for wss. */
  constructor(host: Accepting, options: WebSocketOptions | undefined, certificates?: Certificates) {
    this.#host = host;
    this.#certificates = certificates;
    this.allow(options);
  }

  allow(options: WebSocketOptions | undefined): void {
    this.#origins = new Set(options?.origins);
  }

  /** A request for a WebSocket that came to a server of somebody else's, which listens at `point`. */
  take(request: IncomingMessage, socket: Socket, head: Buffer, point: ListenPoint): void {
    if (this.#host.admit(socket, point)) this.#upgrade(request, socket, head, point, true);
  }

  async listen(listen: StreamListen): Promise<ListenPoint> {
    const host = this.#host;
    const server = this.#makeServer();
    const { address, port } = await openServer(server, listen, host);
    const point = listenPoint(this.#certificates ? 'wss' : 'ws', address, port, listen.advertised);
    // The bare socket, before TLS and HTTP.
    server.on('connection', (socket) => host.admit(socket, point));
    server.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket', 'content-length': 0 }).end();
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket as Socket, head, point, false));
    server.on('clientError', (_error, socket) => {
      host.refused++;
      socket.destroy();
    });
    this.#servers.push(server);
    return point;
  }

  #makeServer(): Server {
    const withinMs = Math.min(REQUEST_MS, this.#host.limits.messageMs);
    const options = {
      ...SOCKET_OPTIONS,
      headersTimeout: withinMs,
      requestTimeout: withinMs,
      connectionsCheckingInterval: 1_000,
      maxHeaderSize: 16 * 1024,
    };
    if (this.#certificates === undefined) return createServer(options);
    // Browsers would ask their users for a certificate.
    const secure = this.#certificates.serverOptions('none');
    const server = createSecureServer({ ...options, ...secure, handshakeTimeout: withinMs });
    this.#certificates.serves(server);
    return server;
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer, point: ListenPoint, isShared: boolean): void {
    socket.on('error', () => {});
    const refusal = this.#refusal(request, isShared);
    if (refusal !== undefined) {
      this.#host.refused++;
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
      return;
    }
    this.#handshakes.handleUpgrade(request, socket, head, (web) => {
      // Also of one that is not accepted: what came with the request is read to its end.
      web.on('error', () => {});
      this.#host.accept(socket, point, (ends) => new WebSocketConnection(web, socket, this.#host, ends));
    });
  }

  #refusal({ headers }: IncomingMessage, isShared: boolean): string | undefined {
    const offered = headers['sec-websocket-protocol']?.split(',') ?? [];
    if (!offered.some((one) => one.trim() === SUBPROTOCOL)) return '400 Bad Request';
    const { origin, host } = headers;
    if (origin === undefined || this.#origins.has(origin)) return undefined;
    const isOpen = this.#origins.size === 0 && (!isShared || isOfHost(origin, host));
    return isOpen ? undefined : '403 Forbidden';
  }

  close(): Promise<void> {
    return closeServers(this.#servers);
  }
}

/** `https://phone.example.com:8443`: scheme, then what stands in the Host header. */
function isOfHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && origin.slice(origin.indexOf('://') + 3).toLowerCase() === host.toLowerCase();
}
