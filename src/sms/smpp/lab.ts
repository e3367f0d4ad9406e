/** A message centre for tests: it knows frames and nothing else of SMPP, and what it says is written down as octets in hexadecimal digits. */
import { EventEmitter, once } from 'node:events';
import { createServer as createTcpServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { listening } from '../lab.ts';

/** A PDU as the gateway sees it, in hexadecimal digits. */
export interface Arrived {
  readonly command: string;
  readonly status: string;
  readonly sequence: string;
  readonly body: string;
  /** From 1 on: which connection it came over. */
  readonly connection: number;
}

/** Octets to send in hexadecimal digits, blanks between them as one likes; undefined: nothing. */
export type Say = (pdu: Arrived, socket: Socket) => string | undefined;

export interface FakeSmsc {
  readonly port: number;
  readonly arrived: Arrived[];
  /** `00000004`: the bodies of all submit_sm. */
  bodies(command: string): string[];
  /** Over the newest connection. */
  say(octets: string): void;
  hangUp(): void;
  /** Ends the session of the newest connection; resolves when the other side knows it. */
  unbind(): Promise<void>;
  /** As soon as so many have arrived. */
  nth(command: string, count: number): Promise<Arrived>;
}

const DEADLINE_MS = 60_000;

export async function fakeSmsc(t: TestContext, say: Say = polite, tls?: TlsOptions): Promise<FakeSmsc> {
  const arrived: Arrived[] = [];
  const news = new EventEmitter();
  let connections = 0;
  let newest: Socket | undefined;
  const serve = (socket: Socket) => {
    connections += 1;
    const connection = connections;
    newest = socket;
    let text = '';
    socket.on('error', () => {});
    socket.setEncoding('hex').on('data', (piece: string) => {
      text += piece;
      for (;;) {
        const end = 2 * Number.parseInt(text.slice(0, 8), 16);
        if (!(text.length >= end)) return;
        const [command, status, sequence] = [text.slice(8, 16), text.slice(16, 24), text.slice(24, 32)];
        const pdu = { command, status, sequence, body: text.slice(32, end), connection };
        text = text.slice(end);
        arrived.push(pdu);
        const reply = say(pdu, socket);
        if (reply !== undefined && socket.writable) socket.write(octets(reply));
        news.emit('pdu');
      }
    });
  };
  const server = tls ? createTlsServer(tls, serve) : createTcpServer(serve);
  server.on('tlsClientError', () => {});
  const of = (command: string) => arrived.filter((pdu) => pdu.command === command);
  const nth = async (command: string, count: number) => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    while (of(command).length < count) await once(news, 'pdu', { signal });
    return of(command)[count - 1]!;
  };
  return {
    port: await listening(t, server),
    arrived,
    bodies: (command) => of(command).map(({ body }) => body),
    say: (text) => void newest!.write(octets(text)),
    hangUp: () => void newest!.destroy(),
    async unbind() {
      const before = of('80000006').length;
      newest!.write(octets(frame('00000006 00000000 00000063')));
      await nth('80000006', before + 1);
    },
    nth,
  };
}

/** Yes to all; a submit_sm of sequence number N gets the id `mN`. */
export const polite: Say = ({ command, sequence }) => {
  const id = Buffer.from(`m${Number.parseInt(sequence, 16)}\0`).toString('hex');
  const answers: Readonly<Record<string, string>> = {
    '00000001': frame(`80000001 00000000 ${sequence}`, '736d736300'),
    '00000002': frame(`80000002 00000000 ${sequence}`, '736d736300'),
    '00000009': frame(`80000009 00000000 ${sequence}`, '736d736300'),
    '00000004': frame(`80000004 00000000 ${sequence}`, id),
    '00000006': frame(`80000006 00000000 ${sequence}`),
    '00000015': frame(`80000015 00000000 ${sequence}`),
  };
  return answers[command];
};

/** Puts the length in front. */
export function frame(header: string, body = ''): string {
  const rest = `${header}${body}`.replaceAll(' ', '');
  return (4 + rest.length / 2).toString(16).padStart(8, '0') + rest;
}

/** As `polite`, save for one command. */
export function politeBut(command: string, say: Say): Say {
  return (pdu, socket) => (pdu.command === command ? say(pdu, socket) : polite(pdu, socket));
}

export function octets(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}
