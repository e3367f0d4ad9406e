/** One address or a network, as configurations and commands write it: `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`. */
import { isIP, SocketAddress } from 'node:net';

export interface Network {
  /** As Node prints it. */
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
  /** It is one address. */
  readonly isHost: boolean;
}

/** Undefined: neither address nor network. */
export function networkOf(text: string): Network | undefined {
  const [, written = '', length] = /^([0-9A-Fa-f.:]{2,45})(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const version = isIP(written);
  if (version === 0) return undefined;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const widest = version === 4 ? 32 : 128;
  const bits = length === undefined ? widest : Number(length);
  if (bits > widest) return undefined;
  const { address } = new SocketAddress({ address: written, family });
  return { address, bits, family, isHost: bits === widest };
}

export function networkText({ address, bits, isHost }: Network): string {
  return isHost ? address : `${address}/${bits}`;
}
