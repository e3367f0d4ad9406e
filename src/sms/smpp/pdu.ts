/**
 * The frame of SMPP 3.4 (3.2): length, command, status and sequence number in four octets each, then the body.
 *
 * Errors: PduFault, after which the stream is of no use.
 */
import { commandName } from './commands.ts';

export interface Pdu {
  readonly command: number;
  readonly status: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** What arrived is no SMPP. */
export class PduFault extends Error {}

const HEADER = 16;
/** A deliver_sm with a message_payload of 64 KiB, the most that its length can say, and its other fields. */
const MOST_OCTETS = 70_000;
const NOTHING = Buffer.alloc(0);

export function encodePdu(command: number, sequence: number, body: Uint8Array = NOTHING, status = 0): Buffer {
  const pdu = Buffer.allocUnsafe(HEADER + body.length);
  pdu.writeUInt32BE(pdu.length, 0);
  pdu.writeUInt32BE(command, 4);
  pdu.writeUInt32BE(status, 8);
  pdu.writeUInt32BE(sequence, 12);
  pdu.set(body, HEADER);
  return pdu;
}

/** Cuts a stream into PDUs; of one that is announced too long nothing is waited for. */
export class PduReader {
  #kept: Buffer = NOTHING;

  /** Calls `each` for every PDU that is complete now, until it says that it has enough. */
  push(piece: Buffer, each: (pdu: Pdu) => boolean): void {
    let rest = this.#kept.length === 0 ? piece : Buffer.concat([this.#kept, piece]);
    this.#kept = NOTHING;
    while (rest.length >= 4) {
      const length = rest.readUInt32BE(0);
      if (length < HEADER || length > MOST_OCTETS) throw new PduFault(faultOf(rest));
      if (rest.length < length) break;
      const wantsMore = each({
        command: rest.readUInt32BE(4),
        status: rest.readUInt32BE(8),
        sequence: rest.readUInt32BE(12),
        body: rest.subarray(HEADER, length),
      });
      if (!wantsMore) return;
      rest = rest.subarray(length);
    }
    this.#kept = rest;
  }
}

function faultOf(stream: Buffer): string {
  const text = stream.subarray(0, 40).toString('latin1');
  if (/^[\t\r\n\x20-\x7e]{4}/.test(text)) {
    return `it does not speak SMPP, but says ${JSON.stringify(text.replace(/[^\x20-\x7e]+/g, ' ').trim())}`;
  }
  const command = stream.length < 8 ? 'a PDU' : commandName(stream.readUInt32BE(4));
  return `it does not speak SMPP: ${command} of ${stream.readUInt32BE(0)} octets, where 16 to ${MOST_OCTETS} may be`;
}
