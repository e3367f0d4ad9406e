/**
 * The gateway's own addresses on the interface, looked at before anything is changed.
 *
 * Errors: PORTAL_INTERFACE.
 */
import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { GatehouseError } from '../../../platform/errors.ts';
import type { PortalSettings } from '../config/model.ts';
import type { GatewayAddresses } from './chains.ts';

export interface Gateway extends GatewayAddresses {
  readonly mac: string;
}

export function findGateway(
  { interface: card, address }: Pick<PortalSettings, 'interface' | 'address'>,
  cards = networkInterfaces(),
): Gateway {
  const found = cards[card];
  if (found === undefined || found.length === 0) {
    const names = Object.keys(cards).filter((name) => name !== 'lo');
    throw new GatehouseError('PORTAL_INTERFACE', `there is no network interface ${card} with an address`, {
      hint: names.length > 0 ? `there are: ${names.join(', ')}` : '`ip address` shows what there is',
    });
  }
  const ipv4 = found.filter(({ family }) => family === 'IPv4').map((one) => one.address);
  const chosen = address ?? ipv4[0];
  if (chosen === undefined || !ipv4.includes(chosen)) {
    const message = address
      ? `the interface ${card} does not have the address ${address}`
      : `the interface ${card} has no IPv4 address`;
    const hint =
      ipv4.length > 0 ? `it has: ${ipv4.join(', ')}` : `give it one: ip address add ADDRESS/LENGTH dev ${card}`;
    throw new GatehouseError('PORTAL_INTERFACE', message, { hint });
  }
  // An address of the link alone would need the client's own name for the link in every address.
  const ipv6 = found.find((one) => one.family === 'IPv6' && one.scopeid === 0)?.address;
  return { ipv4: chosen, ipv6, mac: found[0]!.mac };
}

/** Which of these interfaces an address belongs to, as their networks say: the first, where none does. */
export function interfaceOf(address: string, names: readonly string[], cards = networkInterfaces()): string {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const isOn = (name: string) =>
    (cards[name] ?? []).some((one) => {
      const [network = '', bits] = one.cidr?.split('/') ?? [];
      if (one.family.toLowerCase() !== family || bits === undefined) return false;
      const list = new BlockList();
      list.addSubnet(network, Number(bits), family);
      return list.check(address, family);
    });
  return names.find(isOn) ?? names[0]!;
}
