/**
 * A RADIUS packet as it came: read in place, nothing is copied, nothing is thrown.
 *
 * Values are views of the datagram: whoever keeps one longer than the packet copies it. Source: RFC 2865 sections 3 and 5.
 */
import type { Attribute } from './attributes.ts';
import { ATTRIBUTE } from './numbers.ts';

export const HEADER_LENGTH = 20;
export const MAX_PACKET = 4096;
/** Attributes of one packet; no NAS sends a tenth of it. */
const MAX_ATTRIBUTES = 250;

/** Why something is no packet: too short for a header; its length is wrong; so is an attribute's; there are too many. */
export type Flaw = 'short' | 'length' | 'attribute' | 'crowded';

/** Bytes after the length that the packet names are padding (section 3). */
export function readPacket(datagram: Buffer): Packet | Flaw {
  if (datagram.length < HEADER_LENGTH) return 'short';
  const length = datagram.readUInt16BE(2);
  if (length < HEADER_LENGTH || length > MAX_PACKET || length > datagram.length) return 'length';
  let count = 0;
  for (let at = HEADER_LENGTH; at < length; ) {
    // A type and a length of at least these two bytes, and no type 0.
    const size = at + 1 < length ? datagram[at + 1]! : 0;
    if (size < 2 || at + size > length || datagram[at] === 0) return 'attribute';
    if (++count > MAX_ATTRIBUTES) return 'crowded';
    at += size;
  }
  return new Packet(length === datagram.length ? datagram : datagram.subarray(0, length));
}

export class Packet {
  /** Header and attributes, without padding. */
  readonly bytes: Buffer;
  #authenticator: Buffer | undefined;

  /** `bytes` were found good. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get code(): number {
    return this.bytes[0]!;
  }

  get identifier(): number {
    return this.bytes[1]!;
  }

  get authenticator(): Buffer {
    this.#authenticator ??= this.bytes.subarray(4, HEADER_LENGTH);
    return this.#authenticator;
  }

  has(type: number): boolean {
    return this.find(type) > 0;
  }

  first(type: number): Buffer | undefined {
    const at = this.find(type);
    return at > 0 ? this.#valueAt(at) : undefined;
  }

  *attributes(): Generator<Attribute> {
    const { bytes } = this;
    for (let at = HEADER_LENGTH; at < bytes.length; at += bytes[at + 1]!)
      yield { type: bytes[at]!, value: this.#valueAt(at) };
  }

  *all(type: number): Generator<Buffer> {
    for (let at = this.find(type); at > 0; at = this.find(type, at + this.bytes[at + 1]!)) yield this.#valueAt(at);
  }

  /** UTF-8 (RFC 2865 section 5); undefined also where it holds control characters, which no name and no address has. */
  text(type: number): string | undefined {
    const text = this.first(type)?.toString();
    return text === undefined || /\p{Cc}/u.test(text) ? undefined : text;
  }

  number(type: number): number | undefined {
    const value = this.first(type);
    return value?.length === 4 ? value.readUInt32BE() : undefined;
  }

  /** First attribute of a vendor (section 5.26): undefined also where the vendor packs his attributes in another way. */
  vendor(vendor: number, type: number): Buffer | undefined {
    for (const value of this.all(ATTRIBUTE.vendorSpecific)) {
      if (value.length < 4 || value.readUInt32BE() !== vendor) continue;
      for (let at = 4; at + 2 <= value.length; ) {
        const size = value[at + 1]!;
        if (size < 2 || at + size > value.length) break;
        if (value[at] === type) return value.subarray(at + 2, at + size);
        at += size;
      }
    }
    return undefined;
  }

  /** Where an attribute of this type begins, at `from` or later; 0: nowhere. */
  find(type: number, from = HEADER_LENGTH): number {
    const { bytes } = this;
    for (let at = from; at < bytes.length; at += bytes[at + 1]!) if (bytes[at] === type) return at;
    return 0;
  }

  #valueAt(at: number): Buffer {
    return this.bytes.subarray(at + 2, at + this.bytes[at + 1]!);
  }
}
