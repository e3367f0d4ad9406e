/** Attributes that are to be written (RFC 2865 section 5). */
import { ATTRIBUTE } from './numbers.ts';

export interface Attribute {
  readonly type: number;
  /** At most 253 bytes. */
  readonly value: Buffer;
}

const LONGEST_VALUE = 253;

/** Gives where the next one goes. */
export function putAttribute(packet: Buffer, at: number, type: number, value: Buffer): number {
  packet[at] = type;
  packet[at + 1] = 2 + value.length;
  return at + 2 + value.copy(packet, at + 2);
}

/** A text that may be longer than an attribute: as many of them as it takes, none cut within a character. */
export function textAttributes(type: number, text: string): Attribute[] {
  const bytes = Buffer.from(text);
  const attributes: Attribute[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(bytes.length, from + LONGEST_VALUE);
    while (to < bytes.length && (bytes[to]! & 0xc0) === 0x80) to--;
    attributes.push({ type, value: bytes.subarray(from, to) });
    from = to;
  }
  return attributes;
}

export function numberAttribute(type: number, number: number): Attribute {
  return { type, value: numberBytes(number) };
}

export function numberBytes(number: number): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(Math.min(number, 0xffff_ffff));
  return value;
}

/** An attribute of a vendor, alone in its Vendor-Specific (section 5.26); `value`: at most 247 bytes. */
export function vendorAttribute(vendor: number, type: number, value: Buffer): Attribute {
  const packed = Buffer.concat([numberBytes(vendor), Buffer.of(type, 2 + value.length), value]);
  return { type: ATTRIBUTE.vendorSpecific, value: packed };
}
