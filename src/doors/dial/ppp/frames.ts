/**
 * PPP in HDLC-like framing on an asynchronous line: packets to bytes and back. What is damaged, too long or no frame is dropped.
 *
 * Everything below 0x20 is escaped, as the default map says, and address and control are always there: nothing else was agreed upon.
 *
 * Source: RFC 1662 sections 3, 4 and appendix C.2.
 */

export interface Packet {
  readonly protocol: number;
  readonly code: number;
  readonly identifier: number;
  readonly data: Buffer;
}

const FLAG = 0x7e;
const ESCAPE = 0x7d;
const FLIP = 0x20;
const [ALL_STATIONS, UNNUMBERED] = [0xff, 0x03];
/** Of a frame whose check sequence is right, that included. */
const GOOD = 0xf0b8;
/** Address, control, protocol, the default MRU, check sequence. */
const LONGEST = 1_506;

/** Protocol, code, identifier, length, data; in the form that all negotiating protocols share (RFC 1661 section 5). */
export function frameOf({ protocol, code, identifier, data }: Packet): Buffer {
  const body = Buffer.alloc(8 + data.length);
  body.set([ALL_STATIONS, UNNUMBERED, protocol >> 8, protocol & 0xff, code, identifier]);
  body.writeUInt16BE(4 + data.length, 6);
  body.set(data, 8);
  const check = ~checkOf(body) & 0xffff;
  const out = [FLAG];
  for (const byte of [...body, check & 0xff, check >> 8]) {
    if (byte < 0x20 || byte === FLAG || byte === ESCAPE) out.push(ESCAPE, byte ^ FLIP);
    else out.push(byte);
  }
  out.push(FLAG);
  return Buffer.from(out);
}

export class FrameReader {
  #frame: number[] = [];
  #escaped = false;

  /** The packets that are whole with these bytes. */
  read(bytes: Uint8Array): Packet[] {
    const packets: Packet[] = [];
    for (const byte of bytes) {
      if (byte === FLAG) {
        const packet = this.#escaped ? undefined : packetIn(this.#frame);
        if (packet !== undefined) packets.push(packet);
        this.#frame = [];
        this.#escaped = false;
      } else if (byte === ESCAPE) this.#escaped = true;
      else {
        if (this.#frame.length <= LONGEST) this.#frame.push(this.#escaped ? byte ^ FLIP : byte);
        this.#escaped = false;
      }
    }
    return packets;
  }
}

function packetIn(frame: readonly number[]): Packet | undefined {
  if (frame.length < 10 || frame.length > LONGEST || checkOf(frame) !== GOOD) return undefined;
  const bytes = Buffer.from(frame);
  const length = bytes.readUInt16BE(6);
  if (bytes[0] !== ALL_STATIONS || bytes[1] !== UNNUMBERED || length < 4 || length > bytes.length - 6) return undefined;
  const data = bytes.subarray(8, 4 + length);
  return { protocol: bytes.readUInt16BE(2), code: bytes[4]!, identifier: bytes[5]!, data };
}

/** CRC-CCITT, least significant bit first. */
function checkOf(bytes: Iterable<number>): number {
  let check = 0xffff;
  for (const byte of bytes) {
    check ^= byte;
    for (let bit = 0; bit < 8; bit++) check = check & 1 ? (check >> 1) ^ 0x8408 : check >> 1;
  }
  return check;
}
