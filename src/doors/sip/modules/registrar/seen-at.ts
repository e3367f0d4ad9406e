/**
 * The address at which a contact was seen, where it is not the one that it names: said by the script (received_avp), by the proxy before
 * us (a parameter of the Contact, or of its Path), or by the connection that the telephone keeps open.
 */
import { word } from '../../message/chars.ts';
import { type NameAddr, param, parseNameAddr } from '../../message/name-addr.ts';
import { parseUri, type SipUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { receivedOver } from './own-connection.ts';
import type { RegistrarOptions } from './parameters.ts';

const RECEIVED = word('received');
/** As much as the SER tables hold. */
const LONGEST = 255;

/** A SIP URI; null: the contact itself leads there. */
export function seenAt(
  run: Run,
  contact: NameAddr,
  uri: SipUri,
  path: string | null,
  { receivedAvp, receivedName, pathUseReceived }: RegistrarOptions,
): string | null {
  const told = asUri(receivedAvp?.read(run)) ?? asUri(param(run.message.text, contact, receivedName));
  if (told !== undefined) return told;
  const first = pathUseReceived && path !== null ? parseUri(parseNameAddr(path)?.uri ?? '') : undefined;
  return (first && asUri(uriParam(first, RECEIVED))) ?? receivedOver(run, uri, path);
}

function asUri(text: unknown): string | undefined {
  if (typeof text !== 'string' || text === '' || text.length > LONGEST) return undefined;
  return parseUri(text)?.scheme.startsWith('sip') ? text : undefined;
}
