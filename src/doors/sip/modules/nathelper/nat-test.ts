/** Signs that a telephone is behind a NAT (nat_uac_test). */
import { Header } from '../../message/header-names.ts';
import { bareHost, parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { isPrivate } from './private-address.ts';

const CONTACT_PRIVATE = 1;
const SENDER_DIFFERS = 2;
const VIA_PRIVATE = 4;
const SDP_PRIVATE = 8;
const PORT_DIFFERS = 16;
const CONTACT_DIFFERS = 32;
export const ALL_TESTS = 63;

const DEFAULT_PORT = 5060;

/** 1: one of the tests asked for finds a sign; else -1. */
export function natUacTest({ message, source, contactUris }: Run, tests: number): number {
  const { via } = message;
  const viaHost = bareHost(via?.host ?? '');
  const contact =
    (tests & (CONTACT_PRIVATE | CONTACT_DIFFERS)) === 0 ? undefined : (contactUris ?? message.contacts)?.[0];
  const contactUri = typeof contact === 'object' ? contact.uri : contact;
  const contactHost = contactUri && bareHost(parseUri(contactUri)?.host ?? '');
  const found =
    ((tests & CONTACT_PRIVATE) !== 0 && contactHost !== undefined && isPrivate(contactHost)) ||
    ((tests & SENDER_DIFFERS) !== 0 && viaHost !== source.address) ||
    ((tests & VIA_PRIVATE) !== 0 && isPrivate(viaHost)) ||
    ((tests & SDP_PRIVATE) !== 0 && message.indexOf(Header.contentType) >= 0 && hasPrivateMedia(message.body)) ||
    ((tests & PORT_DIFFERS) !== 0 && source.port !== (via?.port || DEFAULT_PORT)) ||
    ((tests & CONTACT_DIFFERS) !== 0 && contactHost !== undefined && contactHost !== source.address);
  return found ? 1 : -1;
}

function hasPrivateMedia(body: string): boolean {
  for (const line of body.split('\n')) {
    const address = /^c=IN IP4 ([0-9.]+)/.exec(line)?.[1];
    if (address !== undefined && isPrivate(address)) return true;
  }
  return false;
}
