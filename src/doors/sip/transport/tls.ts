/**
 * TLS (RFC 3261 section 26): connections of TCP behind a handshake, which counts into the time to the first message.
 *
 * A server that we connect to must prove the host name of the URI, or the address where that is all there is: by a SIP URI or a
 * host name in its certificate (RFC 5922 section 7.1; against its section 7.2 `*.example.com` is taken as everywhere else).
 */
import {
  checkServerIdentity,
  connect,
  createServer,
  type DetailedPeerCertificate,
  type PeerCertificate,
  type Server,
  type TLSSocket,
} from 'node:tls';
import type { Clock } from '../../../platform/clock.ts';
import type { Log } from '../../../platform/log.ts';
import { Seldom } from '../../../platform/seldom.ts';
import type { Certificates } from '../../../platform/tls/certificates.ts';
import type { Accepting, Ends, PooledConnection, StreamListen, StreamProtocol } from './connections.ts';
import { hostPort, listenPoint } from './point.ts';
import { StreamConnection } from './stream-connection.ts';
import { closeServers, openServer, SOCKET_OPTIONS, whereTo } from './tcp.ts';
import type { ListenPoint } from './types.ts';

export class Tls implements StreamProtocol {
  readonly #host: Accepting;
  readonly #certificates: Certificates;
  readonly #log: Log;
  readonly #failures: Seldom;
  readonly #servers: Server[] = [];

  constructor(host: Accepting, certificates: Certificates, log: Log, clock: Clock) {
    this.#host = host;
    this.#certificates = certificates;
    this.#log = log;
    this.#failures = new Seldom(clock);
  }

  async listen(listen: StreamListen): Promise<ListenPoint> {
    const host = this.#host;
    const server = createServer({
      ...SOCKET_OPTIONS,
      ...this.#certificates.serverOptions(),
      handshakeTimeout: host.limits.messageMs,
    });
    const { address, port } = await openServer(server, listen, host);
    this.#certificates.serves(server);
    const point = listenPoint('tls', address, port, listen.advertised);
    // The bare socket, before its handshake.
    server.on('connection', (socket) => host.admit(socket, point));
    server.on('secureConnection', (socket) => {
      if (this.#mayStay(socket))
        host.accept(socket, point, (ends) => new StreamConnection(socket, host, ends, 'secureConnect'));
      else socket.destroy();
    });
    server.on('tlsClientError', (_error, socket) => {
      host.refused++;
      // After a handshake that took too long Node leaves it open.
      socket.destroy();
    });
    this.#servers.push(server);
    return point;
  }

  #mayStay(socket: TLSSocket): boolean {
    if (this.#certificates.options.clientCertificate === 'none' || socket.authorized) return true;
    return socket.getPeerX509Certificate() === undefined;
  }

  connect(ends: Ends): PooledConnection {
    const { verifyServer } = this.#certificates.options;
    const name = ends.name || ends.address;
    const socket = connect({
      ...whereTo(ends),
      ...(ends.name === '' ? {} : { servername: ends.name }),
      secureContext: this.#certificates.context,
      rejectUnauthorized: verifyServer,
      checkServerIdentity: (_host, certificate) => checkSipIdentity(name, certificate),
    });
    socket.setNoDelay(SOCKET_OPTIONS.noDelay);
    socket.setKeepAlive(SOCKET_OPTIONS.keepAlive, SOCKET_OPTIONS.keepAliveInitialDelay);
    socket.on('error', (error: NodeJS.ErrnoException) => this.#report(error, ends));
    return new StreamConnection(socket, this.#host, ends, 'secureConnect');
  }

  /** A peer's certificate that is not good is for people to look at; the caller hears 477 only. */
  #report({ code, message }: NodeJS.ErrnoException, { address, port, name }: Ends): void {
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'ETIMEDOUT' || !this.#failures.due()) return;
    this.#log.warn('no TLS connection could be made', {
      to: name === '' ? hostPort(address, port) : `${name} (${hostPort(address, port)})`,
      error: `${code}: ${message}`,
      cure: 'if its certificate is good, name its authority in sip.tls.ca; sip.tls.verify_server: false trusts everybody',
    });
  }

  close(): Promise<void> {
    return closeServers(this.#servers);
  }
}

/** Undefined: the certificate is good for the host name or address. */
export function checkSipIdentity(
  name: string,
  certificate: PeerCertificate | DetailedPeerCertificate,
): Error | undefined {
  const names = certificate.subjectaltname ?? '';
  // A quoted name could hold anything, another entry too.
  if (!names.includes('"')) {
    for (const one of names.split(', ')) if (one.toLowerCase() === `uri:sip:${name.toLowerCase()}`) return undefined;
  }
  return checkServerIdentity(name, certificate);
}
