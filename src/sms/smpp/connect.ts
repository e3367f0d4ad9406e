/** A connection to the gateway, over TLS or not. Errors: SMS_UNREACHABLE. */
import { once } from 'node:events';
import { isIP, connect as openTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as openTls } from 'node:tls';
import type { GatehouseError } from '../../platform/errors.ts';
import { isDistrusted, TRUST_HINT } from '../certificates.ts';
import { unreachable } from './faults.ts';

export interface Place {
  readonly host: string;
  readonly port: number;
  /** Undefined: no TLS. */
  readonly tls: ConnectionOptions | undefined;
  /** Milliseconds, name and TLS included. */
  readonly connectMs: number;
}

export async function openSocket({ host, port, tls, connectMs }: Place, stop: AbortSignal): Promise<Socket> {
  const target = { host, port, noDelay: true };
  const socket = tls ? openTls({ ...target, ...tls, servername: isIP(host) === 0 ? host : '' }) : openTcp(target);
  socket.on('error', () => {});
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(connectMs)]);
    await once(socket, tls ? 'secureConnect' : 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    throw connectFault(`${host}:${port}`, error as NodeJS.ErrnoException, stop.aborted);
  }
}

function connectFault(peer: string, error: NodeJS.ErrnoException, isStopped: boolean): GatehouseError {
  if (isStopped) return unreachable(peer, 'the provider was closed meanwhile');
  if (error.name === 'AbortError') return unreachable(peer, 'it could not be connected to in time');
  const code = error.code ?? error.message;
  if (isDistrusted(code)) return unreachable(peer, `its certificate is not trusted (${code})`, TRUST_HINT);
  const isTls = code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_');
  return unreachable(
    peer,
    `it could not be connected to: ${code}`,
    isTls ? 'does the gateway speak TLS on this port? look at use_tls' : undefined,
  );
}
