/**
 * Where the SIP door listens: `sip.listen` of gatehouse.yaml, else the listen lines of ser.cfg, else 127.0.0.1:5060; UDP, TCP and,
 * with a certificate, TLS unless one is named.
 *
 * Errors: LISTEN_NAME (a name instead of an address, or an interface without one), LISTEN_WILDCARD, TLS_CERTIFICATE.
 */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { GatehouseError } from '../../platform/errors.ts';
import type { Globals } from './script/globals.ts';
import type { Listen } from './transport/transport.ts';
import type { Protocol } from './transport/types.ts';

export interface ListenChoice {
  readonly listen: readonly Listen[];
  /** Where they come from, for `check`. */
  readonly from: 'sip.listen of gatehouse.yaml' | 'the listen lines of ser.cfg' | 'nobody names one';
}

/** One entry before it is known to be an address. */
interface Wish {
  readonly protocol: Protocol | undefined;
  readonly host: string;
  /** undefined: the one that goes with the protocol. */
  readonly port: number | undefined;
  readonly where: string;
}

type ListenGlobals = Pick<Globals, 'listen' | 'port' | 'disableTcp' | 'advertisedAddress' | 'advertisedPort'>;

/** RFC 7118 section 5 has no other than those of HTTP. */
const WEB_PORTS = { ws: 80, wss: 443 } as const;

export function chooseListen(
  configured: readonly string[] | undefined,
  globals: ListenGlobals,
  file: string,
  tlsPort?: number,
): ListenChoice {
  if (configured) {
    const wishes = configured.map(parseWish);
    return { listen: expand(wishes, globals, tlsPort), from: 'sip.listen of gatehouse.yaml' };
  }
  if (globals.listen.length > 0) {
    const wishes = globals.listen.map(({ protocol, host, port, at }) => {
      return { protocol, host, port, where: `${file}:${at.line}:${at.column}` };
    });
    return { listen: expand(wishes, globals, tlsPort), from: 'the listen lines of ser.cfg' };
  }
  const wish = { protocol: undefined, host: '127.0.0.1', port: undefined, where: 'the default' };
  return { listen: expand([wish], globals, tlsPort), from: 'nobody names one' };
}

/** `[PROTOCOL:]ADDRESS[:PORT]`, of the form that the configuration's schema has checked. */
function parseWish(text: string): Wish {
  const parts = /^(?:(udp|tcp|tls|wss?):)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  const host = (parts?.[2] ?? text).replace(/^\[|\]$/g, '');
  const port = parts?.[3] === undefined ? undefined : Number(parts[3]);
  return { protocol: parts?.[1] as Protocol | undefined, host, port, where: 'sip.listen' };
}

/** `tlsPort` undefined: there is no TLS. */
function expand(wishes: readonly Wish[], globals: ListenGlobals, tlsPort: number | undefined): Listen[] {
  const { disableTcp, advertisedAddress: host, advertisedPort } = globals;
  const listen = new Map<string, Listen>();
  for (const wish of wishes) {
    if ((wish.protocol === 'tls' || wish.protocol === 'wss') && tlsPort === undefined) throw noCertificate(wish);
    for (const address of addressesOf(wish)) {
      for (const protocol of protocolsOf(wish, disableTcp, tlsPort)) {
        const port = portOf(wish, protocol, globals.port, tlsPort);
        // What is advertised is the port of UDP and TCP.
        const advertised = { host, port: protocol === 'udp' || protocol === 'tcp' ? advertisedPort : undefined };
        const named = advertised.host !== undefined || advertised.port !== undefined;
        const one = { protocol, address, port, ...(named ? { advertised } : {}) };
        // Two entries of one address, for two ports of UDP, mean one socket of TLS.
        listen.set(`${protocol} ${address} ${port}`, one);
      }
    }
  }
  return [...listen.values()];
}

function protocolsOf(wish: Wish, disableTcp: boolean, tlsPort: number | undefined): Protocol[] {
  if (wish.protocol) return [wish.protocol];
  return ['udp', ...(disableTcp ? [] : ['tcp' as const]), ...(tlsPort === undefined ? [] : ['tls' as const])];
}

function portOf(wish: Wish, protocol: Protocol, preset: number, tlsPort: number | undefined): number {
  if (protocol === 'tls') return (wish.protocol && wish.port) ?? tlsPort!;
  return wish.port ?? (protocol === 'ws' || protocol === 'wss' ? WEB_PORTS[protocol] : preset);
}

function noCertificate({ protocol, where }: Wish): GatehouseError {
  return new GatehouseError('TLS_CERTIFICATE', `${protocol} needs a certificate, and none is named`, {
    where,
    hint: 'set sip.tls.certificate and sip.tls.key in gatehouse.yaml, or tls_certificate and tls_private_key in ser.cfg',
  });
}

function addressesOf(wish: Wish): string[] {
  if (wish.host === '0.0.0.0' || wish.host === '::' || wish.host === '*') {
    throw new GatehouseError('LISTEN_WILDCARD', `${wish.host} is every address and no name for this server`, {
      where: wish.where,
      hint: `name the addresses that telephones know it by: ${ownAddresses().join(', ')}`,
    });
  }
  if (isIP(wish.host) !== 0) return [wish.host];
  const byInterface = networkInterfaces()[wish.host]?.filter((one) => !one.address.startsWith('fe80:'));
  if (byInterface?.length) return byInterface.map((one) => one.address);
  throw new GatehouseError('LISTEN_NAME', `${wish.host} is neither an address nor an interface of this machine`, {
    where: wish.where,
    hint: `name an address: ${ownAddresses().join(', ')}`,
  });
}

function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.map((one) => one.address).filter((address) => !address.startsWith('fe80:'));
}
