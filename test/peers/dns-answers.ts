/** A DNS server that knows addresses only (RFC 1035 section 4), for tests. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv4 } from 'node:net';

export interface DnsAnswer {
  readonly addresses: readonly string[];
  readonly ttl: number;
}

const HEADER = 12;
const A = 1;
const AAAA = 28;

/** Undefined: there is no such name. */
export function createDns(answerTo: (name: string) => DnsAnswer | undefined): Socket {
  const socket = createSocket('udp4');
  socket.on('message', (asked, { address, port }) => {
    let at = HEADER;
    const labels: string[] = [];
    for (let length = asked[at]!; length > 0; length = asked[at]!) {
      labels.push(asked.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    const type = asked.readUInt16BE(at + 1);
    const answer = answerTo(labels.join('.'));
    const records = (answer?.addresses ?? []).flatMap((one) => {
      if (type !== (isIPv4(one) ? A : AAAA)) return [];
      const bytes = isIPv4(one) ? Buffer.from(one.split('.').map(Number)) : ipv6Bytes(one);
      // The name is the one that stands in the question.
      const record = Buffer.from([0xc0, HEADER, 0, type, 0, 1, 0, 0, 0, 0, 0, bytes.length]);
      record.writeUInt32BE(answer!.ttl, 6);
      return [Buffer.concat([record, bytes])];
    });
    const header = Buffer.alloc(HEADER);
    header.writeUInt16BE(asked.readUInt16BE(0), 0);
    header.writeUInt16BE(answer ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([header, asked.subarray(HEADER, at + 5), ...records]), port, address);
  });
  return socket;
}

/** Of an address with `::` in it. */
function ipv6Bytes(address: string): Buffer {
  const [front = [], back = []] = address.split('::').map((half) => half.split(':').filter((word) => word !== ''));
  const words = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return Buffer.from(words.map((word) => word.padStart(4, '0')).join(''), 'hex');
}
