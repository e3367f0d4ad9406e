/** What is written down of one event of a call: its fields, each under the names that OpenSER 1.3 and SER 0.9 give it. */
import type { RowCell } from '../../../../core/ser/types.ts';
import { word } from '../../message/chars.ts';
import { Header } from '../../message/header-names.ts';
import type { SipMessage } from '../../message/message.ts';
import { parseNameAddr } from '../../message/name-addr.ts';
import { parseUri, uriParam } from '../../message/uri.ts';
import type { Run } from '../../run.ts';

export interface CallRecord {
  readonly run: Run;
  /** Three digits, or empty. */
  readonly code: string;
  readonly reason: string;
  readonly fromTag: string;
  readonly toTag: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

export type Field = (record: CallRecord) => RowCell;

/** More than any column of theirs holds. */
const LONGEST = 1024;
const FTAG = word('ftag');

export const METHOD: Field = ({ run }) => run.message.method;
export const FROM_TAG: Field = ({ fromTag }) => bounded(fromTag);
export const TO_TAG: Field = ({ toTag }) => bounded(toTag);
export const CALL_ID: Field = ({ run }) => bounded(run.message.callId);
export const CODE: Field = ({ code }) => code;
export const REASON: Field = ({ reason }) => bounded(reason);
export const TIME: Field = ({ time }) => time;
export const FROM: Field = ({ run }) => bounded(run.message.value(Header.from) ?? '');
export const TO: Field = ({ run }) => bounded(run.message.value(Header.to) ?? '');
export const FROM_URI: Field = ({ run }) => bounded(run.message.from?.uri ?? '');
export const TO_URI: Field = ({ run }) => bounded(run.message.to?.uri ?? '');
export const INBOUND_URI: Field = ({ run }) => bounded(run.message.uri);
export const OUTBOUND_URI: Field = ({ run }) => bounded(run.uri);
export const INBOUND_USER: Field = ({ run }) => bounded(run.message.requestUri?.user ?? '');
/** Who proved who he is; else whom From names. */
export const USER: Field = ({ run }) => bounded(run.authorised?.user ?? run.message.fromUri?.user ?? '');
export const DOMAIN: Field = ({ run }) => bounded(run.authorised?.realm ?? run.message.fromUri?.host ?? '');

export function bounded(text: string): string {
  return text.length > LONGEST ? text.slice(0, LONGEST) : text;
}

export interface Outcome {
  readonly code: string;
  readonly reason: string;
  /** Absent: the request's own tags are all there is. */
  readonly reply?: SipMessage | undefined;
}

/** `turn`: From is whoever began the dialog, whichever way this request goes. */
export function recordOf(run: Run, { code, reason, reply }: Outcome, time: number, turn: boolean): CallRecord {
  const { message } = run;
  const toTag = reply?.toTag || message.toTag;
  if (turn && isUpstream(message)) return { run, code, reason, fromTag: toTag, toTag: message.fromTag, time };
  return { run, code, reason, fromTag: message.fromTag, toTag, time };
}

/** By the tag that record_route has left in our Route, the first one as the message came. */
function isUpstream(message: SipMessage): boolean {
  const route = message.toTag === '' ? undefined : message.value(Header.route);
  const uri = route === undefined ? undefined : parseNameAddr(route)?.uri;
  const parsed = uri === undefined ? undefined : parseUri(uri);
  const tag = parsed === undefined ? undefined : uriParam(parsed, FTAG);
  return tag !== undefined && tag !== '' && tag !== message.fromTag;
}
