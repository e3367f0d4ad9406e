/**
 * Where a stranger is sent: to our splash page, to the program that makes one (PreAuth), or to another server (FAS). Only the last must know
 * who he is, so that the redirects of the others stay cheap.
 */
import type { Client } from '../clients.ts';
import type { PortalSettings } from '../config/model.ts';
import type { Fas } from '../fas/fas.ts';
import { percentEncode } from '../percent.ts';

/** Longest address that is kept through the redirect; a longer one is not cut but forgotten. */
const LONGEST_WANTED = 4_096;
/** Encoded and encrypted it must still fit into the first line of a request. */
const LONGEST_FOR_FAS = 1_024;

export interface Entrance {
  /** Address for whoever asks from `address`. `wanted`: where he wanted to go, empty if unknown; `door`: address and port of ours. */
  at(door: string, address: string, wanted: string): string;
}

export function ownEntrance(settings: PortalSettings): Entrance {
  return {
    at(door, _address, wanted) {
      const query = wanted === '' || wanted.length > LONGEST_WANTED ? '' : `?redir=${encodeURIComponent(wanted)}`;
      return `http://${door}/${encodeURIComponent(settings.splash_page)}${query}`;
    },
  };
}

export function preAuthEntrance(settings: PortalSettings): Entrance {
  return {
    at(door, address, wanted) {
      const redir = wanted.length > LONGEST_WANTED ? '' : percentEncode(wanted);
      const query = `clientip=${address}&gatewayname=${percentEncode(settings.name)}&redir=${redir}`;
      return `http://${door}/nodogsplash_preauth/?${query}`;
    },
  };
}

export function fasEntrance(fas: Fas, client: Client, wanted: string, door: string): string {
  return fas.entrance(client, wanted.length > LONGEST_FOR_FAS ? '' : wanted, door);
}
