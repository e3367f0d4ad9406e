/**
 * MS-CHAP in RADIUS (RFC 2548 section 2): the response out of a request, and what goes with the answer: proof that we know the password
 * too, the keys that the line is encrypted with, or why not.
 */
import { randomBytes } from 'node:crypto';
import type { RefusalReason } from '../../../core/gate/types.ts';
import type { MsChapKeys, MsChapResponse } from '../../../core/proofs/ms-chap.ts';
import { type Attribute, numberBytes, vendorAttribute } from '../../../platform/radius/attributes.ts';
import type { Packet } from '../../../platform/radius/packet.ts';
import { hidePassword, hideTunnelPassword } from '../../../platform/radius/user-password.ts';

const MICROSOFT = 311;
const TYPE = {
  response: 1,
  error: 2,
  encryptionPolicy: 7,
  encryptionTypes: 8,
  challenge: 11,
  keys: 12,
  sendKey: 16,
  receiveKey: 17,
  response2: 25,
  success2: 26,
} as const;

/** Of Response and Response2: ident, flags, and 48 bytes more. */
const RESPONSE_LENGTH = 50;
/** Flags of Response: the NT response is there. One that has only the LAN Manager's is not looked at. */
const USES_NT = 1;
const ALLOWED = numberBytes(1);
/** RC4 of 40 and of 128 bits. */
const TYPES = numberBytes(6);

/** `username`: as it stands in the packet. Undefined: there is no MS-CHAP. */
export function msChapIn(packet: Packet, username: string): MsChapResponse | 'malformed' | undefined {
  const challenge = packet.vendor(MICROSOFT, TYPE.challenge);
  const first = packet.vendor(MICROSOFT, TYPE.response);
  const second = packet.vendor(MICROSOFT, TYPE.response2);
  const value = second ?? first;
  if (value === undefined) return undefined;
  const version = second === undefined ? 1 : 2;
  const isWhole = value.length === RESPONSE_LENGTH && challenge?.length === 8 * version;
  if (!isWhole || (first !== undefined && second !== undefined)) return 'malformed';
  if (version === 1 && value[1] !== USES_NT) return 'malformed';
  const peerChallenge = version === 1 ? value.subarray(0, 0) : value.subarray(2, 18);
  // A domain before a backslash is not hashed (RFC 2759 section 4).
  return {
    version,
    username: username.slice(username.lastIndexOf('\\') + 1),
    challenge,
    peerChallenge,
    response: value.subarray(26),
  };
}

/** Of an Accept. */
export function msChapSuccess(request: Packet, { success, send, receive }: MsChapKeys, secret: Buffer): Attribute[] {
  const { authenticator } = request;
  const common = [microsoft(TYPE.encryptionPolicy, ALLOWED), microsoft(TYPE.encryptionTypes, TYPES)];
  const ident = request.vendor(MICROSOFT, TYPE.response2)?.subarray(0, 1);
  if (ident === undefined) {
    // Section 2.4.1: no LAN Manager key, then what the session key is made of.
    const keys = Buffer.concat([Buffer.alloc(8), send, Buffer.alloc(8)]);
    return [microsoft(TYPE.keys, hidePassword(keys, authenticator, secret)), ...common];
  }
  return [
    microsoft(TYPE.success2, Buffer.concat([ident, Buffer.from(success)])),
    // No salt may come twice in a packet (section 2.4.2).
    microsoft(TYPE.sendKey, hideTunnelPassword(send, 1, authenticator, secret)),
    microsoft(TYPE.receiveKey, hideTunnelPassword(receive, 2, authenticator, secret)),
    ...common,
  ];
}

/** Of a Reject: who may try again gets a new challenge for it (RFC 2759 section 6). Undefined: the request had no MS-CHAP. */
export function msChapError(request: Packet, reason: RefusalReason): Attribute | undefined {
  const second = request.vendor(MICROSOFT, TYPE.response2);
  const ident = (second ?? request.vendor(MICROSOFT, TYPE.response))?.subarray(0, 1);
  if (ident === undefined) return undefined;
  const [code, again] = CODES[reason] ?? [691, 1];
  const version = second === undefined ? 1 : 2;
  const challenge = randomBytes(8 * version)
    .toString('hex')
    .toUpperCase();
  const text = `E=${code} R=${again} C=${challenge} V=${version + 1}${version === 2 ? ' M=Login failed' : ''}`;
  return microsoft(TYPE.error, Buffer.concat([ident, Buffer.from(text)]));
}

/** ERROR_ACCT_DISABLED, ERROR_NO_DIALIN_PERMISSION; ERROR_AUTHENTICATION_FAILURE for all who gave no right proof. */
const CODES: Partial<Record<RefusalReason, readonly [code: number, again: 0 | 1]>> = {
  locked: [647, 0],
  policy: [649, 0],
};

function microsoft(type: number, value: Buffer): Attribute {
  return vendorAttribute(MICROSOFT, type, value);
}
