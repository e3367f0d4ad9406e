/** Turns the system's refusal to open a listener into words that help. */
import { GatehouseError } from './errors.ts';
import { listenText } from './listen-address.ts';
import { portHolder } from './port-holder.ts';

export interface Refused {
  readonly protocol: 'udp' | 'tcp';
  readonly address: string;
  readonly port: number;
  /** Where another address or port is set, e.g. `sip.listen` of gatehouse.yaml. */
  readonly option: string;
}

/** Errors: PORT_TAKEN, PORT_FORBIDDEN, ADDRESS_MISSING, LISTEN_FAILED. */
export function listenError(refused: Refused, cause: NodeJS.ErrnoException): GatehouseError {
  const { protocol, address, port, option } = refused;
  const where = `${protocol}:${listenText(refused)}`;
  switch (cause.code) {
    case 'EADDRINUSE': {
      // One line with everything: it is the first thing that goes wrong, and often all that a log shows of it.
      const holder = portHolder(protocol, address, port);
      const who = holder ? `${holder.name} (process ${holder.pid})` : 'another process';
      const cure = `${holder ? 'stop that' : `see who: ss -lnp 'sport = :${port}'`}, or set another in ${option}`;
      return new GatehouseError('PORT_TAKEN', `${protocol} port ${port} is taken by ${who}; ${cure}`, { where, cause });
    }
    case 'EACCES':
    case 'EPERM':
      return new GatehouseError('PORT_FORBIDDEN', `this user may not listen on ${protocol} port ${port}`, {
        where,
        hint: `ports below 1024 want root, CAP_NET_BIND_SERVICE, or sysctl -w net.ipv4.ip_unprivileged_port_start=${port}; or set another in ${option}`,
        cause,
      });
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
      return new GatehouseError('ADDRESS_MISSING', `this machine does not have the address ${address}`, {
        where,
        hint: `\`ip address\` shows what it has; set another in ${option}`,
        cause,
      });
    default:
      return new GatehouseError('LISTEN_FAILED', `the socket could not be opened: ${cause.message}`, {
        where,
        hint: `check the address in ${option}`,
        cause,
      });
  }
}
