/** registrar's parameters (SER 0.9 and OpenSER 1.3), and what they mean here. */
import type { ParameterSpec, ParameterValues } from '../../script/types.ts';
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

function ignoredInt(name: string, fallback: number, why: string): ParameterSpec {
  return { name, type: 'int', default: fallback, describe: NO_EFFECT + why };
}

export const REGISTRAR_PARAMETERS: readonly ParameterSpec[] = [
  seconds('default_expires', 3600, 'Seconds a contact lives when the phone does not say.'),
  seconds('min_expires', 60, 'Seconds a contact lives at least; a shorter wish is raised silently.'),
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
  onOff('path_use_received', 0, `${NO_EFFECT}the received parameter of a Path is not looked at.`),
  onOff('tcp_persistent_flag', 0, `${NO_EFFECT}connections stay open anyway.`),
  text('received_avp', null, `${NO_EFFECT}there are no NAT functions yet.`),
  text('received_param', 'received', 'Name of the parameter that shows the address a contact was seen at.'),
  text('aor_avp', null, `${NO_EFFECT}the address of record comes from To.`),
  text('sock_hdr_name', null, `${NO_EFFECT}the socket is the one the request came in on.`),
  ignoredInt('sock_flag', -1, 'the socket is the one the request came in on.'),
  ignoredInt('nat_flag', 4, 'there are no NAT functions yet.'),
  ignoredInt('nat_bflag', -1, 'there are no NAT functions yet.'),
  onOff('desc_time_order', 0, `${NO_EFFECT}set it for usrloc.`),
];

export function registrarOptions(values: ParameterValues, local: LocalNames): RegistrarOptions {
  return {
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
