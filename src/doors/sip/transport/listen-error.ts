/** Turns the system's refusal to open a socket into words that help. */
import { GatehouseError } from '../../../platform/errors.ts';
import { portHolder } from '../../../platform/port-holder.ts';
import { hostPort } from './point.ts';
import type { Protocol } from './types.ts';

const WHERE_TO_CHANGE = '`sip.listen` in gatehouse.yaml, or the `listen` and `port` lines of ser.cfg';

export function listenError(
  listen: { protocol: Protocol; address: string; port: number },
  cause: NodeJS.ErrnoException,
): GatehouseError {
  const { protocol, address, port } = listen;
  const where = `${protocol}:${hostPort(address, port)}`;
  switch (cause.code) {
    case 'EADDRINUSE': {
      const holder = portHolder(protocol, address, port);
      const who = holder === undefined ? 'another process' : `${holder.name} (pid ${holder.pid})`;
      const look = holder === undefined ? `see who it is with: ss -lnp 'sport = :${port}' (as root); then ` : '';
      return new GatehouseError('PORT_TAKEN', `${protocol} port ${port} is taken by ${who}`, {
        where,
        hint: `${look}stop that process, or choose another port: ${WHERE_TO_CHANGE}`,
        cause,
      });
    }
    case 'EACCES':
    case 'EPERM':
      return new GatehouseError('PORT_FORBIDDEN', `this user may not listen on ${protocol} port ${port}`, {
        where,
        hint: `ports below 1024 want root or CAP_NET_BIND_SERVICE; or choose another port: ${WHERE_TO_CHANGE}`,
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
      return new GatehouseError('ADDRESS_MISSING', `this machine does not have the address ${address}`, {
        where,
        hint: `\`ip address\` shows what it has; the address is set in ${WHERE_TO_CHANGE}`,
        cause,
      });
    default:
      return new GatehouseError('LISTEN_FAILED', `the socket could not be opened: ${cause.message}`, {
        where,
        hint: `check the address: ${WHERE_TO_CHANGE}`,
        cause,
      });
  }
}
