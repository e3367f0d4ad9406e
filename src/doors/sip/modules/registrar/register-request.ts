/**
 * What a REGISTER asks for: the address of record and the contacts to store or remove, with all that can be checked before the
 * bindings there are looked at. Source: RFC 3261 section 10.3 steps 5 to 7, RFC 3327.
 */

import { word } from '../../message/chars.ts';
import { Header } from '../../message/header-names.ts';
import type { NameAddr, SipMessage } from '../../message/message.ts';
import { param, parseNameAddr, parseNameAddrs } from '../../message/name-addr.ts';
import type { SipUri } from '../../message/uri.ts';
import { parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { AOR_MAX, aorOf } from '../usrloc/aor.ts';
import { Binding, NATTED, REMOVE } from '../usrloc/binding.ts';
import type { LocationTable } from '../usrloc/table.ts';
import { methodMask } from './methods.ts';
import { LONGEST_EXPIRES, type RegistrarOptions } from './parameters.ts';
import type { Refusal } from './refusals.ts';
import * as refusals from './refusals.ts';
import { seenAt } from './seen-at.ts';

const Q = word('q');
const EXPIRES = word('expires');

const CONTACTS_MAX = 64;
/** What the SER tables hold of a contact, a Call-ID, a user agent and a Path. */
const TEXT_MAX = 255;
/** RFC 3261 section 10.3 step 7: a wish from here on is not refused. */
const HOUR = 3600;
const SOCKET = /^(?:udp|tcp|tls|wss?):(?:[0-9.]{7,15}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}$/;
/** RFC 3261 section 10.2.1.1: what an Expires that cannot be read means. */
const UNREADABLE_EXPIRES = 3600;

export interface RegisterRequest {
  readonly aor: string;
  readonly callId: string;
  readonly cseq: number;
  /** `Contact: *`: remove all. */
  readonly all: boolean;
  /** To store, or to remove where `expires` is REMOVE; empty with `all` false: a query. */
  readonly contacts: readonly Binding[];
}

const NO_CONTACTS: readonly Binding[] = [];

/** The AOR that a To or Request-URI means in this table; the script may have put another URI into aor_avp. */
export function tableAor(
  run: Run,
  usual: SipUri | undefined,
  table: LocationTable,
  options: RegistrarOptions,
): string | undefined {
  const given = options.aorAvp?.read(run);
  const uri = typeof given === 'string' ? parseUri(parseNameAddr(given)?.uri ?? given) : usual;
  return uri && aorOf(uri, table.settings.useDomain, options.caseSensitive, options.realmPrefix);
}

export function readRegister(run: Run, table: LocationTable, options: RegistrarOptions): RegisterRequest | Refusal {
  const { message } = run;
  const aor = tableAor(run, message.toUri, table, options);
  if (aor === undefined) return refusals.BAD_TO;
  if (aor.length > AOR_MAX) return refusals.LONG_AOR;
  const { callId, cseq, contacts } = message;
  if (callId === '' || cseq === undefined) return refusals.NO_CALL_ID;
  if (callId.length > TEXT_MAX) return refusals.LONG_CALL_ID;
  if (contacts === undefined) return refusals.BAD_CONTACT;
  const request = { aor, callId, cseq: cseq.number, all: false, contacts: NO_CONTACTS };
  if (contacts.length === 0) return request;
  const expires = readExpires(message.value(Header.expires));
  for (const contact of contacts) {
    if (contact.uri !== '*') continue;
    if (contacts.length > 1) return refusals.STAR_NOT_ALONE;
    return expires === 0 ? { ...request, all: true } : refusals.STAR_NOT_ZERO;
  }
  if (contacts.length > CONTACTS_MAX) return refusals.MANY_IN_REQUEST;
  const path = readPath(message, options);
  if (typeof path === 'object' && path !== null) return path;
  const list: Binding[] = [];
  for (let i = 0; i < contacts.length; i++) {
    const candidate = readContact(contacts[i]!, run.contactUris?.[i], expires, aor, path, run, table, options);
    if (!(candidate instanceof Binding)) return candidate;
    // Of a contact named twice the last word counts.
    const before = contacts.length > 1 ? list.findIndex((other) => other.contact === candidate.contact) : -1;
    if (before < 0) list.push(candidate);
    else list[before] = candidate;
  }
  return { ...request, contacts: list };
}

/** `corrected`: the URI that the script has put in place of the contact's own. */
function readContact(
  contact: NameAddr,
  corrected: string | undefined,
  header: number | undefined,
  aor: string,
  path: string | null,
  run: Run,
  table: LocationTable,
  options: RegistrarOptions,
): Binding | Refusal {
  const { message, source } = run;
  const text = corrected ?? contact.uri;
  if (text.length > TEXT_MAX) return refusals.LONG_CONTACT;
  const start = corrected === undefined ? contact.uriStart : 0;
  const uri = parseUri(corrected ?? message.text, start, start + text.length);
  if (uri === undefined) return refusals.BAD_CONTACT;
  if (uri.headers !== '') return refusals.CONTACT_HEADERS;
  if (uri.host !== '' && options.local.isMyself(uri.host, uri.port)) return refusals.OWN_CONTACT;
  const q = readQ(param(message.text, contact, Q));
  if (q === undefined) return refusals.BAD_Q;
  const wish = readExpires(param(message.text, contact, EXPIRES)) ?? header ?? options.defaultExpires;
  if (options.refuseShort && wish > 0 && wish < options.minExpires && wish < HOUR)
    return refusals.tooBrief(options.minExpires);
  const now = table.seconds();
  const agent = message.value(Header.userAgent) ?? '';
  return new Binding(aor, {
    contact: text,
    received: seenAt(run, contact, uri, path, options),
    path,
    expires: wish === 0 ? REMOVE : now + Math.min(Math.max(wish, options.minExpires), options.maxExpires),
    q: q === null ? options.defaultQ : q,
    callId: message.callId,
    cseq: message.cseq!.number,
    userAgent: table.share(agent.length > TEXT_MAX ? agent.slice(0, TEXT_MAX) : agent),
    socket: socketOf(run, table, options),
    methods: options.methodFiltering ? readMethods(message) : null,
    flags: (run.flags & options.natFlag) === 0 ? 0 : NATTED,
    branchFlags: run.branchFlags,
    modified: now,
    user: run.authorised?.ticket.account.login ?? aor,
    client: source.address,
  });
}

/** Where the request came in: here, or, if the script says so, at the proxy that wrote it into a header. */
function socketOf({ message, source, flags }: Run, table: LocationTable, options: RegistrarOptions): string {
  if ((flags & options.socketFlag) === 0 || options.socketHeader === '') return source.point.name;
  const told = message.valueNamed(options.socketHeader) ?? '';
  return SOCKET.test(told) ? table.share(told) : source.point.name;
}

/** Seconds; undefined when the text is absent. */
function readExpires(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === '') return UNREADABLE_EXPIRES;
  let number = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return UNREADABLE_EXPIRES;
    number = Math.min(number * 10 + digit, LONGEST_EXPIRES);
  }
  return number;
}

/** Thousandths; null when the text is absent, undefined when it is no q. */
function readQ(text: string | undefined): number | null | undefined {
  if (text === undefined) return null;
  if (!/^(?:0?(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) || text === '' || text === '.') return undefined;
  return Math.round(Number(text) * 1000);
}

function readMethods(message: SipMessage): number | null {
  const allow = message.value(Header.allow);
  return allow === undefined ? null : methodMask(allow);
}

/** The Path values as one list, null = none to be kept. */
function readPath(message: SipMessage, options: RegistrarOptions): string | null | Refusal {
  if (!options.usePath || options.pathMode === 0) return null;
  let path = '';
  for (let at = message.indexOf(Header.path); at >= 0; at = message.indexOf(Header.path, at + 1)) {
    path += (path === '' ? '' : ',') + message.valueAt(at);
  }
  if (path === '') return null;
  if (path.length > TEXT_MAX) return refusals.LONG_PATH;
  if (parseNameAddrs(path) === undefined) return refusals.BAD_PATH;
  if (options.pathMode === 2 && !supports(message, 'path')) return refusals.PATH_UNSUPPORTED;
  return path;
}

function supports(message: SipMessage, extension: string): boolean {
  for (let at = message.indexOf(Header.supported); at >= 0; at = message.indexOf(Header.supported, at + 1)) {
    for (const one of message.valueAt(at).split(',')) if (one.trim().toLowerCase() === extension) return true;
  }
  return false;
}
