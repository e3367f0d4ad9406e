/**
 * The fields of a body (SMPP 3.4, 3.1): octets, texts that end with a zero, and optional parameters (TLV) after them.
 *
 * Errors of reading: RangeError where the body ends too early.
 */

/** One octet, a text that ends with a zero (Latin-1), or octets as they are. */
export type Field = number | string | Uint8Array;

export function encodeFields(...fields: Field[]): Buffer {
  return Buffer.concat(
    fields.map((field) => {
      if (typeof field === 'number') return Uint8Array.of(field);
      return typeof field === 'string' ? Buffer.from(`${field}\0`, 'latin1') : field;
    }),
  );
}

export class FieldReader {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = Buffer.from(body.buffer, body.byteOffset, body.length);
  }

  octet(): number {
    const value = this.#body.readUInt8(this.#at);
    this.#at += 1;
    return value;
  }

  octets(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#body.length) throw new RangeError('the body ends within a field');
    const value = this.#body.subarray(this.#at, end);
    this.#at = end;
    return value;
  }

  /** Up to its zero, or to the end: some gateways leave out the last one. */
  text(): string {
    const zero = this.#body.indexOf(0, this.#at);
    const end = zero < 0 ? this.#body.length : zero;
    const value = this.#body.toString('latin1', this.#at, end);
    this.#at = end + 1;
    return value;
  }

  /** All that are whole; the first of each tag counts. */
  parameters(): Map<number, Buffer> {
    const found = new Map<number, Buffer>();
    while (this.#at + 4 <= this.#body.length) {
      const tag = this.#body.readUInt16BE(this.#at);
      const start = this.#at + 4;
      const end = start + this.#body.readUInt16BE(this.#at + 2);
      if (end > this.#body.length) break;
      if (!found.has(tag)) found.set(tag, this.#body.subarray(start, end));
      this.#at = end;
    }
    return found;
  }
}
