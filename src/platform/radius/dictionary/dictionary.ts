/**
 * Attributes by name, and their values as bytes: what dictionaries of RADIUS are for.
 *
 * Types that only few NAS use (TLVs, extended attributes, abinary) have names here and cannot be written. Sources: RFC 2865 section 5,
 * RFC 2868 section 3 (tags), RFC 8044 (types).
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { type Attribute, vendorAttribute } from '../attributes.ts';

export interface DictionaryAttribute {
  readonly name: string;
  /** 0: none. */
  readonly vendor: number;
  readonly type: number;
  /** As dictionaries write it: `string`, `integer`, `ipaddr` … */
  readonly kind: string;
  readonly hasTag: boolean;
  /** It is hidden with the secret of each client. */
  readonly encrypted: boolean;
  /** Words for numbers, in lower case. */
  readonly words: Map<string, number>;
}

export interface DictionaryVendor {
  readonly name: string;
  readonly number: number;
  /** Its attributes are packed as RFC 2865 asks: one byte of type, one of length. */
  readonly isPlain: boolean;
}

/** Names are found however their letters are written. */
export class Dictionary {
  readonly #attributes = new Map<string, DictionaryAttribute>();
  readonly #vendors = new Map<string, DictionaryVendor>();

  get size(): number {
    return this.#attributes.size;
  }

  /** A name that is there already is given its new meaning. */
  add(attribute: DictionaryAttribute): void {
    this.#attributes.set(attribute.name.toLowerCase(), attribute);
  }

  addVendor(vendor: DictionaryVendor): void {
    this.#vendors.set(vendor.name.toLowerCase(), vendor);
  }

  attribute(name: string): DictionaryAttribute | undefined {
    return this.#attributes.get(name.toLowerCase());
  }

  vendor(name: string): DictionaryVendor | undefined {
    return this.#vendors.get(name.toLowerCase());
  }
}

/** The attribute with this value; else, as a text, what is wrong with it. */
export function writeAttribute(attribute: DictionaryAttribute, text: string): Attribute | string {
  const { vendor, type, kind, hasTag, encrypted } = attribute;
  if (encrypted) return 'its value is a secret, which cannot be given out from here';
  if (type < 1 || type > 255) return 'it is packed in a way that is not written here';
  const write = WRITERS[kind];
  if (write === undefined) return `values of type ${kind} are not written here`;
  const value = write(text, attribute);
  if (typeof value === 'string') return `${JSON.stringify(text.slice(0, 80))} is not ${value}`;
  // A tag of 0 says that it belongs to no group; a text goes without (RFC 2868 section 3.3).
  if (hasTag && kind === 'integer') value[0] = 0;
  if (value.length === 0 || value.length > (vendor === 0 ? 253 : 247)) return 'it is empty or too long';
  return vendor === 0 ? { type, value } : vendorAttribute(vendor, type, value);
}

type Writer = (text: string, attribute: DictionaryAttribute) => Buffer | string;

const WRITERS: Readonly<Record<string, Writer>> = {
  string: (text) => Buffer.from(text),
  octets: (text) => (/^0x(?:[0-9a-f]{2})+$/i.test(text) ? Buffer.from(text.slice(2), 'hex') : 'hex digits after 0x'),
  integer: (text, { words, hasTag }) => numberOf(text, words, 4, hasTag ? 3 : 4),
  short: (text, { words }) => numberOf(text, words, 2),
  byte: (text, { words }) => numberOf(text, words, 1),
  signed: (text) => signedOf(text),
  integer64: (text) => bigOf(text),
  date: (text, { words }) => numberOf(text, words, 4),
  ipaddr: (text) => (isIPv4(text) ? addressBytes(text) : 'an IPv4 address'),
  ipv6addr: (text) => (isIPv6(text) ? addressBytes(text) : 'an IPv6 address'),
  'combo-ip': (text) => (isIPv4(text) || isIPv6(text) ? addressBytes(text) : 'an IP address'),
  ipv4prefix: (text) => prefixOf(text, isIPv4, 32),
  ipv6prefix: (text) => prefixOf(text, isIPv6, 128),
  ether: (text) => (/^(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text) ? hexOf(text) : 'a MAC address'),
  ifid: (text) => (/^(?:[0-9a-f]{4}:){3}[0-9a-f]{4}$/i.test(text) ? hexOf(text) : 'four groups of four hex digits'),
};

/** `significant`: bytes that the number may fill. */
function numberOf(text: string, words: ReadonlyMap<string, number>, length: number, significant = length) {
  const number = words.get(text.toLowerCase()) ?? (/^\d{1,10}$/.test(text) ? Number(text) : Number.NaN);
  if (!(number < 256 ** significant))
    return words.size > 0 ? `a number, or one of: ${[...words.keys()].slice(0, 30).join(', ')}` : 'a number that fits';
  const value = Buffer.alloc(length);
  value.writeUIntBE(number, 0, length);
  return value;
}

function signedOf(text: string): Buffer | string {
  const number = /^-?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(Math.abs(number) < 2 ** 31)) return 'a number that fits';
  const value = Buffer.alloc(4);
  value.writeInt32BE(number);
  return value;
}

function bigOf(text: string): Buffer | string {
  const number = /^\d{1,20}$/.test(text) ? BigInt(text) : 2n ** 64n;
  if (number >= 2n ** 64n) return 'a number that fits';
  const value = Buffer.alloc(8);
  value.writeBigUInt64BE(number);
  return value;
}

/** RFC 3162 section 2.3: a byte of zeros, the length, and the whole address. */
function prefixOf(text: string, isAddress: (text: string) => boolean, widest: number): Buffer | string {
  const [, address = '', bits = ''] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  if (!isAddress(address) || Number(bits) > widest)
    return `a prefix such as ${widest === 32 ? '192.0.2.0/24' : '2001:db8::/32'}`;
  return Buffer.concat([Buffer.of(0, Number(bits)), addressBytes(address)]);
}

function hexOf(text: string): Buffer {
  return Buffer.from(text.replaceAll(/[:-]/g, ''), 'hex');
}

function addressBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number));
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  // A dotted quad at the end stands for two groups.
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...quad) => {
    const [a, b, c, d] = quad.map(Number) as [number, number, number, number];
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  });
  const [head = '', tail] = plain.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  const value = Buffer.alloc(16);
  for (const [at, group] of [...before, ...zeros, ...after].entries())
    value.writeUInt16BE(Number.parseInt(group, 16), 2 * at);
  return value;
}
