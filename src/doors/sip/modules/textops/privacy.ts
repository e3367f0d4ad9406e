/** What the caller wants kept from the callee: the Privacy header. Source: RFC 3323 section 4.2, RFC 3325 section 9.3, RFC 4244. */
import type { Run } from '../../run.ts';

export const PRIVACY_TYPES = ['user', 'header', 'session', 'none', 'critical', 'id', 'history'];

/** 1: the caller asks for it; -1: there is no such wish. */
export function isPrivacy({ message }: Run, type: string): number {
  const value = message.valueNamed('privacy');
  if (value === undefined) return -1;
  for (const one of value.split(/[;,]/)) if (one.trim().toLowerCase() === type) return 1;
  return -1;
}
