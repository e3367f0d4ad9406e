/**
 * The gateway's own addresses on the interface, looked at before anything is changed.
 *
 * Errors: PORTAL_INTERFACE.
 */
import { networkInterfaces } from 'node:os';
import { GatehouseError } from '../../../platform/errors.ts';
import type { PortalSettings } from '../config/model.ts';
import type { GatewayAddresses } from './ruleset.ts';

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
