/** nathelper's parameters of what keeps the way to telephones open. */
import type { ParameterSpec } from '../../script/types.ts';
import { flag } from '../value-checks.ts';

const LONGEST_INTERVAL = 3600;

export const PING_PARAMETERS: readonly ParameterSpec[] = [
  {
    name: 'natping_interval',
    type: 'int',
    default: 0,
    describe:
      'Seconds in which each contact reached over UDP is sent something once, so that its NAT keeps the way open; spread evenly, at ' +
      'most 10,000 a second. 0: nothing is sent.',
    check: (value) =>
      Number(value) >= 0 && Number(value) <= LONGEST_INTERVAL
        ? undefined
        : `must be a number from 0 to ${LONGEST_INTERVAL}`,
  },
  {
    name: 'ping_nated_only',
    type: 'int',
    default: 0,
    describe: 'Only telephones behind a NAT: nat_flag of registrar (SER) or nat_bflag of usrloc (OpenSER).',
    check: flag,
  },
  {
    name: 'sipping_bflag',
    type: 'int',
    default: -1,
    describe: 'The branch flag of contacts that are sent a SIP request; all others get four zero bytes. -1: none.',
    check: (value) => (Number(value) >= -1 && Number(value) <= 31 ? undefined : 'must be -1 or a flag from 0 to 31'),
  },
  {
    name: 'sipping_from',
    type: 'string',
    default: null,
    describe: 'The URI in From of that request; unset: sip:ping at our own address.',
    check: (value) =>
      /^sips?:[^\s<>"]+$/.test(String(value)) ? undefined : 'must be a URI such as sip:ping@example.com',
  },
  {
    name: 'sipping_method',
    type: 'string',
    default: 'OPTIONS',
    describe: 'The method of that request.',
    check: (value) => (/^[A-Z]{1,32}$/.test(String(value)) ? undefined : 'must be a method such as OPTIONS'),
  },
];
