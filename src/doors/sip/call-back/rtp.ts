/** RTP packets, as much of them as a tone and a key need. Source: RFC 3550 section 5.1. */

export interface RtpPacket {
  readonly payloadType: number;
  readonly timestamp: number;
  readonly source: number;
  readonly payload: Buffer;
}

const HEADER = 12;
const VERSION = 2;

/** Undefined: no RTP, or cut off. */
export function readRtp(packet: Buffer): RtpPacket | undefined {
  if (packet.length < HEADER || packet[0]! >> 6 !== VERSION) return undefined;
  let start = HEADER + 4 * (packet[0]! & 0x0f);
  if ((packet[0]! & 0x10) !== 0) {
    // The extension counts in words, behind four bytes of its own.
    if (packet.length < start + 4) return undefined;
    start += 4 + 4 * packet.readUInt16BE(start + 2);
  }
  const padding = (packet[0]! & 0x20) !== 0 ? packet[packet.length - 1]! : 0;
  const end = packet.length - padding;
  if (start > end) return undefined;
  return {
    payloadType: packet[1]! & 0x7f,
    timestamp: packet.readUInt32BE(4),
    source: packet.readUInt32BE(8),
    payload: packet.subarray(start, end),
  };
}

/** Numbers and times wrap around. */
export function writeRtp(
  payloadType: number,
  { sequence, timestamp, source }: { sequence: number; timestamp: number; source: number },
  payload: Uint8Array,
): Buffer {
  const packet = Buffer.allocUnsafe(HEADER + payload.length);
  packet[0] = VERSION << 6;
  // The first one of the stream is marked.
  packet[1] = payloadType | (sequence === 0 ? 0x80 : 0);
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(timestamp >>> 0, 4);
  packet.writeUInt32BE(source >>> 0, 8);
  packet.set(payload, HEADER);
  return packet;
}
