/**
 * Both ends of a dialog as a proxy in its path sees them: what a request of ours to either of them must say, and where it goes.
 *
 * All of it stands in the 2xx, save the caller's Contact: its Record-Routes name those below us first, then us, then those above us, of
 * whom the INVITE tells how many there are. Source: RFC 3261 sections 12.1.1, 12.1.2 and 12.2.1.1.
 */
import type { Edits } from '../message/edits.ts';
import { Header } from '../message/header-names.ts';
import { detach, type SipMessage } from '../message/message.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import type { RecordRoute } from '../run.ts';
import type { Source, Target } from '../transport/types.ts';

export interface Party {
  /** Value of From or To with its tag, as it stands in the dialog's messages. */
  readonly name: string;
  /** Its Contact, as the other side knows it; '' = it gave none. */
  target: string;
  /** Route values from us to it, the next hop first. */
  readonly routes: readonly string[];
  /** Where its messages come from. */
  flow: Source;
}

export interface Parties {
  caller: Party;
  called: Party;
}

/** What opened a dialog: the messages as they came, and what the script has changed in them. */
export interface Opening {
  readonly invite: SipMessage;
  readonly inviteEdits: Edits;
  readonly recordRoute: RecordRoute;
  readonly source: Source;
  readonly answer: SipMessage;
  readonly answerEdits: Edits | undefined;
  /** Where the INVITE went. */
  readonly target: Target;
}

export function partiesOf({ invite, inviteEdits, recordRoute, source, answer, answerEdits, target }: Opening): Parties {
  const { address, port, point = source.point, connection } = target;
  const recorded = recordRoutes(answer);
  const above = recordRoutes(invite).length;
  const own = recordRoute.lines(source.point, point, false).split('\n').length - 1;
  const below = Math.max(0, recorded.length - above - own);
  return {
    caller: {
      name: detach(answer.value(Header.from) ?? ''),
      target: contactOf(invite, inviteEdits),
      routes: recorded.slice(recorded.length - above),
      flow: source,
    },
    called: {
      name: detach(answer.value(Header.to) ?? ''),
      target: contactOf(answer, answerEdits),
      routes: recorded.slice(0, below).reverse(),
      flow: { address, port, point, connection },
    },
  };
}

/** Whether that is what `contactOf` gives: as a rule it stands there between brackets, and nothing need be parsed. */
export function hasContact(uri: string, message: SipMessage, edits: Edits | undefined): boolean {
  const index = message.indexOf(Header.contact);
  if (index >= 0 && edits?.lines?.[index] === undefined) {
    const { text } = message;
    const start = message.valueStart(index) + 1;
    if (text.charCodeAt(start - 1) === 60 && text.startsWith(uri, start) && text.charCodeAt(start + uri.length) === 62)
      return true;
  }
  return contactOf(message, edits) === uri;
}

/** URI of the first Contact as it was passed on, '' = none. */
export function contactOf(message: SipMessage, edits: Edits | undefined): string {
  const index = message.indexOf(Header.contact);
  if (index < 0) return '';
  const line = edits?.lines?.[index];
  if (line === undefined) return detach(message.contacts?.[0]?.uri ?? '');
  return detach(parseNameAddr(line, line.indexOf(':') + 1, line.trimEnd().length)?.uri ?? '');
}

/** Single values in order; nothing of a broken one on. */
function recordRoutes(message: SipMessage): string[] {
  const values: string[] = [];
  for (let at = message.indexOf(Header.recordRoute); at >= 0; at = message.indexOf(Header.recordRoute, at + 1)) {
    const stop = message.valueEnd(at);
    for (let start = message.valueStart(at); ; ) {
      const value = parseNameAddr(message.text, start, stop);
      if (value === undefined) return values;
      values.push(detach(message.text.slice(start, value.end).trim()));
      if (value.end >= stop) break;
      start = value.end + 1;
    }
  }
  return values;
}
