/**
 * `client` of a rule: a comma list of IPv4 and IPv6 addresses, networks (`192.0.2.0/24`), names of lines or MACs, `*`, and with `-` or `!`
 * before it what is excluded. An IPv4 address in IPv6 form counts as IPv4. Errors: POLICY_INVALID.
 */
import { BlockList, isIP } from 'node:net';
import { type Condition, compileCondition, EXACT, invalidCondition, NOT } from './condition.ts';

export function compileClientCondition(text: string): Condition<string> {
  return compileCondition('client', text, ',', (item) => {
    const [address = '', bits, ...more] = item.split('/');
    const family = isIP(address);
    if (family === 0) {
      if (bits !== undefined || /\s/.test(item) || /^[0-9.]+$/.test(item)) throw noClient(item);
      const name = item.toLowerCase();
      return { grade: (client) => (client.toLowerCase() === name ? EXACT : NOT) };
    }
    const widest = family === 4 ? 32 : 128;
    const length = bits === undefined ? widest : Number(bits);
    if (more.length > 0 || bits === '' || !(Number.isInteger(length) && length >= 0 && length <= widest))
      throw noClient(item);
    const network = new BlockList();
    network.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
    return {
      grade(client) {
        const version = isIP(client);
        return version !== 0 && network.check(client, version === 4 ? 'ipv4' : 'ipv6') ? EXACT : NOT;
      },
    };
  });
}

function noClient(item: string): Error {
  return invalidCondition(
    'client',
    `${JSON.stringify(item)} is no address and no network`,
    'write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32',
  );
}
