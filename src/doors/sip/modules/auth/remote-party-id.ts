/** Remote-Party-ID: who is calling, as this server vouches for it. The value comes from an AVP (rpid_avp). */
import { cleanValue } from '../../message/header-text.ts';
import { parseNameAddr } from '../../message/name-addr.ts';
import { parseUri } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import type { Variable } from '../../script/values/types.ts';

const SHORTEST = 3;
const LONGEST = 16;

/** Appends the header; -1: there is no value. */
export function appendRemotePartyId(run: Run, avp: Variable | undefined, prefix: string, suffix: string): number {
  const value = avp?.read(run);
  if (typeof value !== 'string' || value === '') return -1;
  run.edits.bottom += `${cleanValue(`Remote-Party-ID: ${prefix}${value}${suffix}`)}\r\n`;
  return 1;
}

/** Whether the value's user is a number of E.164: + and up to 15 digits. */
export function isE164(run: Run, avp: Variable | undefined): number {
  const value = avp?.read(run);
  if (typeof value !== 'string') return -1;
  const user = (parseUri(value) ?? parseUri(parseNameAddr(value)?.uri ?? ''))?.user ?? '';
  return user.length >= SHORTEST && user.length <= LONGEST && /^\+[0-9]+$/.test(user) ? 1 : -1;
}
