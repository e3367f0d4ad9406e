/**
 * A small name server on loopback, UDP and TCP on one port, for tests: answers from a zone given as text, one record a line:
 *
 *     name  seconds-to-live  TYPE  data
 *
 * A, AAAA, CNAME, SRV (priority weight port target) and NAPTR (order preference flags service replacement). An answer that is longer than a
 * datagram may be (512 bytes) is truncated over UDP. Source: RFC 1035 section 4; RFC 2782, RFC 3403 for the records.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Cleanup } from './peers/cleanup.ts';
import { freePort } from './peers/ports.ts';

export interface NameServer {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  readonly questions: { readonly type: string; readonly name: string; readonly over: 'udp' | 'tcp' }[];
  /** It answers nothing. */
  silent: boolean;
  /** It answers that it cannot say. */
  fails: boolean;
  /** Takes another zone. */
  serve(zone: string): void;
}

interface ZoneRecord {
  readonly name: string;
  readonly ttl: number;
  readonly type: string;
  readonly data: Buffer;
  /** Of a CNAME. */
  readonly target: string;
}

const TYPES: Readonly<Record<string, number>> = { A: 1, CNAME: 5, AAAA: 28, SRV: 33, NAPTR: 35 };
const NO_ERROR = 0;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;

export async function startNameServer(t: Cleanup, zone: string): Promise<NameServer> {
  let records = parseZone(zone);
  const port = await freePort();
  const server: NameServer = {
    address: `127.0.0.1:${port}`,
    questions: [],
    silent: false,
    fails: false,
    serve(text) {
      records = parseZone(text);
    },
  };
  const udp = createSocket('udp4');
  udp.on('message', (query, { address, port: from }) => {
    const answer = respond(query, 'udp');
    if (answer) udp.send(answer, from, address);
  });
  udp.bind(port, '127.0.0.1');
  const connections = new Set<Socket>();
  const tcp = createServer((socket) => {
    connections.add(socket);
    let waiting = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE()) {
        const length = waiting.readUInt16BE();
        const answer = respond(waiting.subarray(2, 2 + length), 'tcp');
        waiting = waiting.subarray(2 + length);
        if (answer) socket.write(Buffer.concat([number16(answer.length), answer]));
      }
    });
  }).listen(port, '127.0.0.1');
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  t.after(async () => {
    udp.close();
    tcp.close();
    for (const socket of connections) socket.destroy();
  });
  return server;

  function respond(query: Buffer, over: 'udp' | 'tcp'): Buffer | undefined {
    const { name, type, end } = questionOf(query);
    server.questions.push({ type, name, over });
    if (server.silent) return undefined;
    const found = server.fails ? [] : lookUp(name, type);
    const exists = records.some((record) => record.name === name);
    const code = server.fails ? SERVER_FAILURE : exists ? NO_ERROR : NO_SUCH_NAME;
    const answers = found.map(wire);
    const size = end + answers.reduce((sum, one) => sum + one.length, 0);
    const truncated = over === 'udp' && size > 512;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | code | (truncated ? 0x0200 : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(truncated ? 0 : answers.length, 6);
    return Buffer.concat([head, query.subarray(12, end), ...(truncated ? [] : answers)]);
  }

  function lookUp(name: string, type: string): ZoneRecord[] {
    const own = records.filter((record) => record.name === name && record.type === type);
    const alias = records.find((record) => record.name === name && record.type === 'CNAME');
    return own.length === 0 && alias ? [alias, ...lookUp(alias.target, type)] : own;
  }
}

function parseZone(text: string): ZoneRecord[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const [name, ttl, type, ...rest] = line.split(/\s+/) as [string, string, string, ...string[]];
      const target = type === 'CNAME' ? rest[0]! : '';
      return { name: name.toLowerCase(), ttl: Number(ttl), type, data: dataOf(type, rest), target };
    });
}

function dataOf(type: string, [one = '', two = '', three = '', four = '', five = '']: readonly string[]): Buffer {
  switch (type) {
    case 'A':
      return Buffer.from(one.split('.').map(Number));
    case 'AAAA':
      return Buffer.from(expanded(one), 'hex');
    case 'SRV':
      return Buffer.concat([number16(Number(one)), number16(Number(two)), number16(Number(three)), nameBytes(four)]);
    case 'NAPTR':
      return Buffer.concat([
        ...[number16(Number(one)), number16(Number(two))],
        ...[textBytes(three), textBytes(four), textBytes(''), nameBytes(five)],
      ]);
    default:
      return nameBytes(one);
  }
}

function expanded(address: string): string {
  const [left = '', right = ''] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => group.padStart(4, '0')));
  const [before, after] = [groups(left), groups(right)];
  return [...before, ...new Array(8 - before.length - after.length).fill('0000'), ...after].join('');
}

function questionOf(query: Buffer): { name: string; type: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const number = query.readUInt16BE(at + 1);
  const type = Object.keys(TYPES).find((name) => TYPES[name] === number) ?? String(number);
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function wire({ name, type, ttl, data }: ZoneRecord): Buffer {
  const time = Buffer.alloc(4);
  time.writeUInt32BE(ttl);
  return Buffer.concat([nameBytes(name), number16(TYPES[type]!), number16(1), time, number16(data.length), data]);
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([
    ...name
      .split('.')
      .filter((label) => label !== '')
      .map(textBytes),
    Buffer.from([0]),
  ]);
}

function textBytes(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

function number16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
