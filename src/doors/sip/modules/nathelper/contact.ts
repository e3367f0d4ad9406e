/** The Contact of a telephone behind a NAT, made to say where it was seen. The URI keeps what else it says. */
import { Header } from '../../message/header-names.ts';
import type { NameAddr } from '../../message/message.ts';
import type { Run } from '../../run.ts';
import { rewrites, rewriteUri } from '../../script/rewrite-uri.ts';
import { AvpList, type AvpName } from '../../script/values/avps.ts';
import { hostPort, transportParameter } from '../../transport/point.ts';
import type { Source } from '../../transport/types.ts';

/** Where the message came from, as a URI. */
export function seenUri({ address, port, point }: Source): string {
  return `sip:${hostPort(address, port)}${transportParameter(point)}`;
}

/**
 * Host and port of each Contact become the sender's: in what is forwarded, and for save(), as in SER and OpenSER. -1: there is none
 * to change.
 */
export function fixContact(run: Run): number {
  const rewrite = rewrites.hostPort(hostPort(run.source.address, run.source.port));
  const uris = run.message.contacts?.map(({ uri }) => uri) ?? [];
  const result = changeContacts(run, (value, at, uri, index) => {
    const made = rewriteUri(uri, rewrite);
    if (made === undefined) return undefined;
    uris[index] = made;
    return value.slice(0, at) + made + value.slice(at + uri.length);
  });
  if (result === 1) run.contactUris = uris;
  return result;
}

/** Each Contact gets `;received=` with the sender's URI, for the registrar behind this server. */
export function addReceived(run: Run): number {
  const added = `;received="${seenUri(run.source)}"`;
  return changeContacts(run, (value, at, uri) =>
    value[at - 1] === '<' ? value + added : `${value.slice(0, at)}<${uri}>${value.slice(at + uri.length)}${added}`,
  );
}

/** Remembers the sender's URI in the AVP from which the registrar takes it; -1: there is no room. */
export function rememberSender(run: Run, avp: AvpName): number {
  run.avps ??= new AvpList();
  return run.avps.replaceFirst(avp, seenUri(run.source)) ? 1 : -1;
}

/** Gives the value changed, or undefined to leave it. `at`: where its URI begins in it; `index`: among all contacts. */
type Change = (value: string, at: number, uri: string, index: number) => string | undefined;

function changeContacts(run: Run, change: Change): number {
  const { message, edits } = run;
  const { contacts, text } = message;
  if (contacts === undefined || contacts.length === 0 || contacts[0]!.uri === '*') return -1;
  let result = -1;
  let next = 0;
  for (let index = message.indexOf(Header.contact); index >= 0; index = message.indexOf(Header.contact, index + 1)) {
    const values: string[] = [];
    let from = message.valueStart(index);
    const stop = message.valueEnd(index);
    for (; next < contacts.length && contacts[next]!.uriStart < stop; next++) {
      const { uri, uriStart, end }: NameAddr = contacts[next]!;
      while (text[from] === ' ' || text[from] === '\t') from++;
      const value = text.slice(from, end).trimEnd();
      const made = change(value, uriStart - from, uri, next);
      if (made !== undefined) result = 1;
      values.push(made ?? value);
      from = end + 1;
    }
    if (edits.lines?.[index] !== '') edits.replace(index, `Contact: ${values.join(', ')}\r\n`);
  }
  return result;
}
