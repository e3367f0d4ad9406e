/**
 * A login page on another server (FAS): where strangers are sent, with what, and what they bring back.
 *
 * Level 0 gives the page the client's token, level 1 nothing or, with a key, the token's hash, level 2 all of it encrypted. Whoever comes
 * back with the token, or with the hash that only the key can make, was let in by the page. Names and their order are nodogsplash 4.5.1's.
 * Level 3 is level 2 over https, and whoever was let in need not come back (monitor.ts). Pages made for openNDS look for `hid` and `gatewayurl`.
 */
import { timingSafeEqual } from 'node:crypto';
import { type Client, isToken } from '../clients.ts';
import type { PortalSettings } from '../config/model.ts';
import { percentEncode } from '../percent.ts';
import { hashedId, returnedId, seal } from './sealed.ts';

export type FasSettings = Pick<
  PortalSettings,
  'interface' | 'name' | 'fas_port' | 'fas_address' | 'fas_name' | 'fas_path' | 'fas_level' | 'fas_key'
>;
type Known = Pick<Client, 'address' | 'mac' | 'token'>;

export interface Fas {
  /** Where a stranger is sent. `wanted`: what he asked for, empty if unknown; `door`: address and port of ours. */
  entrance(client: Known, wanted: string, door: string): string;
  /** Where somebody is sent who is in already. */
  greeting(client: Known, door: string): string;
  /** Whether it says that the page let this client in. */
  isPass(client: Client, given: string): boolean;
}

/** `gateway`: address where the page is, unless another one is configured. */
export function createFas(settings: FasSettings, gateway: string): Fas {
  const { fas_port: port, fas_path: path, fas_level: level, fas_key: key } = settings;
  const host = settings.fas_name ?? settings.fas_address ?? gateway;
  const scheme = level === 3 ? 'https' : 'http';
  const page = `${scheme}://${host}:${port}${path}${path.includes('?') ? '&' : '?'}`;
  const nameNow = () => percentEncode(settings.name);

  return {
    entrance(client, wanted, door) {
      const { address, token } = client;
      const [name, redir] = [nameNow(), percentEncode(wanted)];
      if (level === 0) {
        // The page takes `authaction` up to the first &.
        const authaction = `http://${door}/nodogsplash_auth/?clientip=${address}`;
        return `${page}authaction=${authaction}&gatewayname=${name}&tok=${token}&redir=${redir}`;
      }
      if (level === 1) {
        const hid = key === undefined ? '' : `&hid=${hashedId(token)}&gatewayaddress=${door}`;
        return `${page}clientip=${address}&gatewayname=${name}${hid}&redir=${redir}`;
      }
      const { fas, iv } = seal(fields(client, redir, door), key ?? '');
      return `${page}fas=${percentEncode(fas)}&iv=${iv}`;
    },

    greeting({ address }, door) {
      return `${page}clientip=${address}&gatewayname=${nameNow()}&gatewayaddress=${door}&status=authenticated`;
    },

    isPass(client, given) {
      if (isToken(client, given)) return true;
      if (key === undefined || level === 0) return false;
      const [a, b] = [Buffer.from(returnedId(client.token, key)), Buffer.from(given)];
      return a.length === b.length && timingSafeEqual(a, b);
    },
  };

  function fields({ address, mac, token }: Known, redir: string, door: string): string {
    return [
      `clientip=${address}`,
      `clientmac=${mac}`,
      `gatewayname=${nameNow()}`,
      `tok=${token}`,
      ...(level === 3 ? [`hid=${hashedId(token)}`, `gatewayurl=${percentEncode(`http://${door}`)}`] : []),
      `gatewayaddress=${door}`,
      'authdir=nodogsplash_auth',
      `originurl=${redir}`,
      `clientif=${settings.interface}`,
    ].join(', ');
  }
}
