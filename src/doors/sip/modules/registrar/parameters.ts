/** registrar's parameters (SER 0.9 and OpenSER 1.3), and what they mean here. */
import { word } from '../../message/chars.ts';
import type { ParameterSpec, ParameterValues, ScriptUses } from '../../script/types.ts';
import type { Variable } from '../../script/values/types.ts';
import type { LocalNames } from '../../services.ts';
import { flag } from '../value-checks.ts';

export interface RegistrarOptions {
  /** Seconds; max 0 = no limit. */
  readonly defaultExpires: number;
  readonly minExpires: number;
  readonly maxExpires: number;
  /** Thousandths, -1 = none. */
  readonly defaultQ: number;
  readonly appendBranches: boolean;
  readonly caseSensitive: boolean;
  readonly maxContacts: number;
  /** Seconds for Retry-After, 0 = no such header. */
  readonly retryAfter: number;
  readonly realmPrefix: string;
  readonly usePath: boolean;
  readonly pathMode: number;
  readonly methodFiltering: boolean;
  /** Where the address comes from at which the contact was seen: an AVP, a parameter of the Contact, the first Path. */
  readonly receivedAvp: Variable | undefined;
  readonly receivedParam: string;
  readonly receivedName: Uint8Array;
  readonly pathUseReceived: boolean;
  /** The address of record, in place of To or Request-URI. */
  readonly aorAvp: Variable | undefined;
  /** Message flag that means a telephone behind a NAT, as a bit; 0 = none. */
  readonly natFlag: number;
  /** Message flag, as a bit, with which the socket is taken from the header of this name; 0 = never. */
  readonly socketFlag: number;
  readonly socketHeader: string;
  /** A wish below minExpires is refused. */
  readonly refuseShort: boolean;
  /** A contact that is this server would come back to itself. */
  readonly local: LocalNames;
}

/** Seconds; longer ones are cut, so that an expiry stays a date that every database can hold. */
export const LONGEST_EXPIRES = 31_536_000;

const NO_EFFECT = 'Accepted without effect: ';

function seconds(name: string, fallback: number, describe: string): ParameterSpec {
  const check = (value: string | number) =>
    Number(value) >= 0 && Number(value) <= LONGEST_EXPIRES
      ? undefined
      : `must be a number from 0 to ${LONGEST_EXPIRES}`;
  return { name, type: 'int', default: fallback, describe, check };
}

function onOff(name: string, fallback: number, describe: string): ParameterSpec {
  return { name, type: 'int', default: fallback, describe, check: flag };
}

function text(name: string, fallback: string | null, describe: string): ParameterSpec {
  return { name, type: 'string', default: fallback, describe };
}

function avp(name: string, describe: string): ParameterSpec {
  const check = (value: string | number) =>
    /^(\$avp\([^\s$()]+\)|[^\s$()]+)$/.test(String(value))
      ? undefined
      : `must be an AVP like $avp(i:42), but is "${value}"`;
  return { name, type: 'string', orNumber: true, default: null, describe, check };
}

function flagNumber(name: string, fallback: number, describe: string): ParameterSpec {
  const check = (value: string | number) =>
    Number(value) >= -1 && Number(value) <= 31 ? undefined : 'must be -1 or a flag from 0 to 31';
  return { name, type: 'int', default: fallback, describe, check };
}

function ignoredInt(name: string, fallback: number, why: string): ParameterSpec {
  return { name, type: 'int', default: fallback, describe: NO_EFFECT + why };
}

export const REGISTRAR_PARAMETERS: readonly ParameterSpec[] = [
  seconds('default_expires', 3600, 'Seconds a contact lives when the phone does not say.'),
  seconds('min_expires', 60, 'Seconds a contact lives at least; a shorter wish is raised silently.'),
  onOff(
    'refuse_short_expires',
    0,
    "Gatehouse's own. 1: a wish below min_expires, and below an hour, is refused with 423 and Min-Expires (RFC 3261 section 10.3).",
  ),
  seconds('max_expires', 0, 'Seconds a contact lives at most; 0: a year.'),
  {
    name: 'default_q',
    type: 'int',
    default: -1,
    describe: 'q of contacts that bring none, in thousandths; -1: none.',
    check: (value) =>
      Number(value) >= -1 && Number(value) <= 1000 ? undefined : 'must be -1 or a number from 0 to 1000',
  },
  onOff('append_branches', 1, 'Whether lookup() also rings the contacts after the best one.'),
  { ...onOff('case_sensitive', 0, 'Whether 1000a and 1000A are two users.'), held: true },
  {
    name: 'max_contacts',
    type: 'int',
    default: 0,
    describe: 'Contacts a user may have at once; 0: 256.',
    check: (value) => (Number(value) >= 0 && Number(value) <= 10_000 ? undefined : 'must be a number from 0 to 10000'),
  },
  seconds('retry_after', 0, 'Retry-After of the 503 for too many contacts, in seconds; 0: no such header.'),
  text('realm_prefix', '', 'Cut off the front of the domain before it becomes part of the address of record.'),
  onOff('use_path', 0, 'Whether Path headers (RFC 3327) are kept with the contact and used by lookup().'),
  {
    name: 'path_mode',
    type: 'int',
    default: 2,
    describe:
      'With use_path: 2 refuses Path of phones that do not say that they support it, 1 takes it, 0 takes no Path.',
    check: (value) => (Number(value) >= 0 && Number(value) <= 2 ? undefined : 'must be 0, 1 or 2'),
  },
  onOff('method_filtering', 0, 'Whether lookup() skips contacts whose Allow header did not name the method.'),
  onOff(
    'path_use_received',
    0,
    'With use_path: the received parameter of the first Path is where the contact was seen at.',
  ),
  onOff('tcp_persistent_flag', 0, `${NO_EFFECT}connections stay open anyway.`),
  avp('received_avp', 'The AVP with the URI that a contact was seen at, as fix_nated_register of nathelper sets it.'),
  {
    ...text(
      'received_param',
      'received',
      'Parameter of a Contact, in requests and replies, with the URI that it was seen at.',
    ),
    check: (value) => (/^[\w!%*+.'`~-]+$/.test(String(value)) ? undefined : 'must be the name of a parameter'),
  },
  avp('aor_avp', 'The AVP with the URI of the user, in place of To (save) and Request-URI (lookup, registered).'),
  text(
    'sock_hdr_name',
    null,
    'With sock_flag: the header with the socket the request came in on at the proxy before us.',
  ),
  flagNumber(
    'sock_flag',
    -1,
    'The message flag with which the socket is taken from the header sock_hdr_name; -1: never.',
  ),
  flagNumber(
    'nat_flag',
    4,
    'SER: the message flag that is kept with the contact, and set by lookup; it means a telephone behind a NAT. In OpenSER branch ' +
      'flags are kept, whatever stands here.',
  ),
  ignoredInt('nat_bflag', -1, 'set it for usrloc.'),
  onOff('desc_time_order', 0, 'As for usrloc.'),
];

/** The AVP that a parameter names: `$avp(i:42)`, `i:42`, an alias, or SER's 42. */
export function avpOf(value: string | number | null | undefined, uses: ScriptUses): Variable | undefined {
  if (value === null || value === undefined || value === '') return undefined;
  const name = String(value);
  return uses.variable(name.startsWith('$') ? name : `$avp(${name})`);
}

function bitOf(flag: unknown): number {
  return Number(flag) < 0 ? 0 : (1 << Number(flag)) | 0;
}

export function registrarOptions(values: ParameterValues, local: LocalNames, uses: ScriptUses): RegistrarOptions {
  return {
    receivedAvp: avpOf(values.received_avp, uses),
    receivedParam: String(values.received_param),
    receivedName: word(String(values.received_param).toLowerCase()),
    pathUseReceived: values.path_use_received === 1,
    aorAvp: avpOf(values.aor_avp, uses),
    natFlag: uses.dialect === 'ser' ? bitOf(values.nat_flag) : 0,
    socketFlag: bitOf(values.sock_flag),
    socketHeader: String(values.sock_hdr_name ?? '').toLowerCase(),
    refuseShort: values.refuse_short_expires === 1,
    defaultExpires: Number(values.default_expires),
    minExpires: Number(values.min_expires),
    maxExpires: Number(values.max_expires) || LONGEST_EXPIRES,
    defaultQ: Number(values.default_q),
    appendBranches: values.append_branches === 1,
    caseSensitive: values.case_sensitive === 1,
    maxContacts: Number(values.max_contacts) || 256,
    retryAfter: Number(values.retry_after),
    realmPrefix: String(values.realm_prefix ?? ''),
    usePath: values.use_path === 1,
    pathMode: Number(values.path_mode),
    methodFiltering: values.method_filtering === 1,
    local,
  };
}
