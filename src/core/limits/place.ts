/** A place as limits count it: an address as it is, but of IPv6 the /64 network, since one host may use all of it. */

/** `192.0.2.1`, `2001:db8:0:1`, a MAC, a line name. IPv4-mapped IPv6 counts as IPv4. */
export function placeOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const gap = address.indexOf('::');
  const groups = (gap < 0 ? address : address.slice(0, gap)).split(':');
  if (gap < 0) return groups.length === 8 ? network(groups) : address; // a MAC has six
  if (address.indexOf('::', gap + 1) >= 0) return address;
  const tail = address.slice(gap + 2).split(':');
  const before = groups[0] === '' ? 0 : groups.length;
  // A dotted quad at the end stands for two groups.
  const after = tail[0] === '' ? 0 : tail.length + (tail.at(-1)!.includes('.') ? 1 : 0);
  const zeros = new Array<string>(Math.max(0, 8 - before - after)).fill('0');
  return network([...(before ? groups : []), ...zeros, ...tail]);
}

function network(groups: readonly string[]): string {
  return groups
    .slice(0, 4)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':');
}
