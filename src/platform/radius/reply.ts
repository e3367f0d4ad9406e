/**
 * Writes the answer to a request: its attributes, signed for who asked.
 *
 * The Message-Authenticator comes first, whether the request had one or not, so that nobody on the way can make an Accept of a Reject
 * (CVE-2024-3596). Proxy-State goes back as it came, in its order (RFC 2865 section 5.33).
 */
import { type Attribute, putAttribute } from './attributes.ts';
import { messageDigest, packetDigest } from './authenticators.ts';
import { ATTRIBUTE, CODE, type Code } from './numbers.ts';
import { HEADER_LENGTH, MAX_PACKET, type Packet } from './packet.ts';

/** Undefined: it would be longer than a packet may be. */
export function writeReply(
  code: Code,
  request: Packet,
  secret: Buffer,
  attributes: readonly Attribute[],
): Buffer | undefined {
  // Accounting has a Request Authenticator of its own kind, and its answer nothing that is worth a forgery (RFC 2869 section 5.19).
  const signed = code !== CODE.accountingResponse || request.code === CODE.statusServer;
  let length = HEADER_LENGTH + (signed ? 18 : 0);
  for (const { value } of attributes) length += 2 + value.length;
  for (const state of request.all(ATTRIBUTE.proxyState)) length += 2 + state.length;
  if (length > MAX_PACKET) return undefined;

  const reply = Buffer.allocUnsafe(length);
  reply[0] = code;
  reply[1] = request.identifier;
  reply.writeUInt16BE(length, 2);
  let at = HEADER_LENGTH;
  if (signed) {
    reply[at] = ATTRIBUTE.messageAuthenticator;
    reply[at + 1] = 18;
    at += 18;
  }
  for (const { type, value } of attributes) at = putAttribute(reply, at, type, value);
  for (const state of request.all(ATTRIBUTE.proxyState)) at = putAttribute(reply, at, ATTRIBUTE.proxyState, state);
  if (signed) messageDigest(reply, HEADER_LENGTH, request.authenticator, secret).copy(reply, HEADER_LENGTH + 2);
  packetDigest(reply, request.authenticator, secret).copy(reply, 4);
  return reply;
}
