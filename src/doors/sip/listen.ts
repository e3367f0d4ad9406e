/**
 * Where the SIP door listens: `sip.listen` of gatehouse.yaml, else the listen lines of ser.cfg, else 127.0.0.1:5060; UDP and TCP
 * unless one is named.
 *
 * Errors: LISTEN_NAME (a name instead of an address, or an interface without one), LISTEN_WILDCARD.
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
  readonly protocol: string | undefined;
  readonly host: string;
  readonly port: number;
  readonly where: string;
}

type ListenGlobals = Pick<Globals, 'listen' | 'port' | 'disableTcp' | 'advertisedAddress' | 'advertisedPort'>;

export function chooseListen(
  configured: readonly string[] | undefined,
  globals: ListenGlobals,
  file: string,
): ListenChoice {
  if (configured) {
    const wishes = configured.map((text) => parseWish(text, globals.port));
    return { listen: expand(wishes, globals), from: 'sip.listen of gatehouse.yaml' };
  }
  if (globals.listen.length > 0) {
    const wishes = globals.listen.map(({ protocol, host, port, at }) => {
      return { protocol, host, port: port ?? globals.port, where: `${file}:${at.line}:${at.column}` };
    });
    return { listen: expand(wishes, globals), from: 'the listen lines of ser.cfg' };
  }
  const wish = { protocol: undefined, host: '127.0.0.1', port: globals.port, where: 'the default' };
  return { listen: expand([wish], globals), from: 'nobody names one' };
}

/** `[udp:|tcp:]ADDRESS[:PORT]`, of the form that the configuration's schema has checked. */
function parseWish(text: string, port: number): Wish {
  const parts = /^(?:(udp|tcp):)?(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  const host = (parts?.[2] ?? text).replace(/^\[|\]$/g, '');
  return { protocol: parts?.[1], host, port: parts?.[3] === undefined ? port : Number(parts[3]), where: 'sip.listen' };
}

function expand(wishes: readonly Wish[], globals: ListenGlobals): Listen[] {
  const { disableTcp, advertisedAddress: host, advertisedPort: port } = globals;
  const advertised = host === undefined && port === undefined ? {} : { advertised: { host, port } };
  const listen: Listen[] = [];
  for (const wish of wishes) {
    const protocols: Protocol[] = wish.protocol === 'udp' || wish.protocol === 'tcp' ? [wish.protocol] : ['udp', 'tcp'];
    for (const address of addressesOf(wish)) {
      for (const protocol of protocols) {
        if (protocol === 'tcp' && disableTcp && wish.protocol === undefined) continue;
        listen.push({ protocol, address, port: wish.port, ...advertised });
      }
    }
  }
  return listen;
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
