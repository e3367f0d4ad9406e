/** What a CoA-Request wants a session to be given (RFC 5176 section 3), read before anything is looked for or changed. */
import type { SessionTerms } from '../../../core/doors/types.ts';
import type { Attribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';
import { VENDOR_TERM } from '../sessions/vendor-terms.ts';
import { CAUSE, type Cause } from './causes.ts';

export interface AskedTerms {
  /** All that is not an end, as equipment is told it. */
  readonly attributes: readonly Attribute[];
  readonly seconds: number | undefined;
  /** The same for doors of our own; undefined: something is asked for that none of them has. */
  readonly own: SessionTerms | undefined;
}

/**
 * What is no term of a session, or is not for others to give: what proves who one is, what accounting says, what is hidden with a secret and
 * so with that of the client, and the Class, by which we know whose session it is.
 */
const NEVER: ReadonlySet<number> = new Set([
  2, // User-Password
  ATTRIBUTE.chapPassword,
  ATTRIBUTE.class,
  ...[40, 41, 42, 43, 45, 46, 47, 48, 49, 51, 52, 53], // of accounting
  ATTRIBUTE.chapChallenge,
  ATTRIBUTE.tunnelPassword,
  ATTRIBUTE.eapMessage,
  ATTRIBUTE.errorCause,
]);
/** CHAP-MPPE-Keys, MS-MPPE-Send-Key and MS-MPPE-Recv-Key (RFC 2548) are hidden with the secret. */
const MICROSOFT = 311;
const HIDDEN_KEYS: readonly number[] = [12, 16, 17];

/** `terms`: what neither says who is meant nor belongs to the packet itself. */
export function askedTerms(terms: readonly Attribute[]): AskedTerms | Cause {
  let seconds: number | undefined;
  let own: Partial<Record<keyof SessionTerms, number>> | undefined = {};
  for (const one of terms) {
    if (one.type === ATTRIBUTE.serviceType) return CAUSE.unsupportedService;
    if (NEVER.has(one.type)) return CAUSE.unsupportedAttribute;
    if (one.type === ATTRIBUTE.sessionTimeout) {
      if (one.value.length !== 4 || seconds !== undefined) return CAUSE.invalidRequest;
      seconds = one.value.readUInt32BE();
      if (seconds === 0) return CAUSE.invalidValue;
    } else if (one.type === ATTRIBUTE.vendorSpecific) {
      const inside = vendorAttributes(one.value);
      if (inside.some(({ vendor, type }) => vendor === MICROSOFT && HIDDEN_KEYS.includes(type)))
        return CAUSE.unsupportedAttribute;
      const known = ownTerms(inside);
      own = own && known && { ...own, ...known };
    } else own = undefined;
  }
  if (terms.length === 0) return CAUSE.invalidRequest;
  const attributes = terms.filter(({ type }) => type !== ATTRIBUTE.sessionTimeout);
  return { attributes, seconds, own: own && { ...own, ...(seconds === undefined ? {} : { seconds }) } };
}

interface VendorAttribute {
  readonly vendor: number;
  readonly type: number;
  readonly value: Buffer;
}

/** Empty where the vendor packs his attributes in another way than RFC 2865 section 5.26 has it. */
function vendorAttributes(packed: Buffer): VendorAttribute[] {
  if (packed.length < 4) return [];
  const found: VendorAttribute[] = [];
  for (let at = 4; at < packed.length; at += packed[at + 1]!) {
    const size = packed[at + 1] ?? 0;
    if (size < 2 || at + size > packed.length) return [];
    found.push({ vendor: packed.readUInt32BE(), type: packed[at]!, value: packed.subarray(at + 2, at + size) });
  }
  return found;
}

function ownTerms(inside: readonly VendorAttribute[]): Partial<Record<keyof SessionTerms, number>> | undefined {
  const terms: Partial<Record<keyof SessionTerms, number>> = {};
  for (const { vendor, type, value } of inside) {
    const known = Object.entries(VENDOR_TERM).find(([, one]) => one[0] === vendor && one[1] === type)?.[0];
    if (known === undefined || value.length !== 4) return undefined;
    terms[known as keyof typeof VENDOR_TERM] = value.readUInt32BE();
  }
  return inside.length === 0 ? undefined : terms;
}
