/**
 * How many messages a CPU-second parses: a REGISTER of 679 bytes, with every field that a registrar reads. Prints one JSON line.
 * Each message is a fresh string made from bytes, as from a socket; making it is measured apart and not counted.
 *
 * Run: npm run bench -- parse; BENCH_ROUNDS: how often (default 7)
 */
import { parseCredentials } from '../src/doors/sip/message/credentials.ts';
import { findFault } from '../src/doors/sip/message/faults.ts';
import { Header } from '../src/doors/sip/message/header-names.ts';
import { parseMessage } from '../src/doors/sip/message/parse.ts';

const COUNT = 100_000;
const SIZE = 679;
const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const datagram = Buffer.from(register(), 'latin1');
let sum = 0;

const best = { message: 0, scan: 0 };
measure(read);
for (let round = 0; round < rounds; round++) {
  const empty = measure((text) => text.length);
  best.scan = Math.max(best.scan, rate(measure(scan) - empty));
  best.message = Math.max(best.message, rate(measure(read) - empty));
}
const result = { benchmark: 'parse', bytes: datagram.length, perCpuSecond: best.message, scanOnly: best.scan, sum };
process.stdout.write(`${JSON.stringify({ ...result, node: process.version })}\n`);

function read(text: string): number {
  const message = parseMessage(text)!;
  if (findFault(message) !== undefined) throw new Error('the benchmark message has a fault');
  const credentials = parseCredentials(message.value(Header.authorization)!)!;
  const { via, from, to, cseq, callId, contacts, fromTag, toTag, toUri } = message;
  return (
    via!.branch.length +
    from!.uri.length +
    to!.uri.length +
    fromTag.length +
    toTag.length +
    cseq!.number +
    callId.length +
    contacts![0]!.uri.length +
    toUri!.user.length +
    Number(message.value(Header.expires)) +
    credentials.response.length +
    credentials.nonce.length
  );
}

function scan(text: string): number {
  return parseMessage(text)!.headerCount;
}

/** CPU microseconds for COUNT messages. */
function measure(work: (text: string) => number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < COUNT; i++) sum += work(datagram.toString('latin1'));
  const spent = process.cpuUsage(before);
  return spent.user + spent.system;
}

function rate(microseconds: number): number {
  return Math.round((COUNT / microseconds) * 1e6);
}

function register(): string {
  const lines = [
    'REGISTER sip:gate.example.net SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.17:5062;branch=z9hG4bK7d3a51c07e2f;rport',
    'Max-Forwards: 70',
    'From: "Room 217" <sip:room217@gate.example.net>;tag=5c1e09b7',
    'To: "Room 217" <sip:room217@gate.example.net>',
    'Call-ID: 0b6f2d94a1c84e57@192.0.2.17',
    'CSeq: 4182 REGISTER',
    'Contact: <sip:room217@192.0.2.17:5062;transport=udp>;expires=3600',
    'Authorization: Digest username="room217", realm="gate.example.net", nonce="6740b1c95f0d3a28e1476bb20c9d8e35", ' +
      'uri="sip:gate.example.net", response="3d1f5a70c2be4986a0e7d21c98f4b653", algorithm=MD5',
    'Expires: 3600',
    'User-Agent: ',
    'Content-Length: 0',
    '',
    '',
  ];
  const agent = lines.length - 4;
  lines[agent] += 'Hotel Phone 3.2 '.padEnd(SIZE - lines.join('\r\n').length, 'x');
  return lines.join('\r\n');
}
