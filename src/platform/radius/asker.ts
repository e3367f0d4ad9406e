/**
 * Asks other RADIUS servers and equipment: sends a request, again where nothing comes, and gives the answer that was made with the secret.
 *
 * A request that is sent again is the same packet, so that it is not done twice (RFC 5080 section 2.2.1). There are 256 identifiers for each
 * socket and peer; where they are used up another socket is opened, and after some of them nothing more is asked. Anything that does not
 * answer a question of ours, from the place that was asked, is dropped.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Attribute } from './attributes.ts';
import { checkReply } from './authenticators.ts';
import { Packet, readPacket } from './packet.ts';
import { writeRequest } from './request.ts';

/** Whom to ask. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly secret: Buffer;
  /** Answers without Message-Authenticator are dropped. */
  readonly signs: boolean;
}

export interface Question {
  readonly code: number;
  /** 16 random bytes. */
  readonly authenticator: Buffer;
  readonly attributes: readonly Attribute[];
}

/** Milliseconds until it is sent again, and at the end given up. */
export type Patience = readonly number[];

interface Waiting {
  readonly peer: Peer;
  readonly bytes: Buffer;
  tries: number;
  timer: NodeJS.Timeout | undefined;
  answer(reply: Packet | undefined): void;
}

interface Line {
  readonly socket: Socket;
  readonly family: 'udp4' | 'udp6';
  /** By peer and identifier. */
  readonly waiting: Map<string, Waiting>;
  next: number;
}

const IDENTIFIERS = 256;
const MOST_LINES = 16;

export class Asker {
  readonly #patience: Patience;
  readonly #bind: string | undefined;
  readonly #lines: Line[] = [];
  #closed = false;

  /** `bind`: the address that peers of its family know us by; undefined: as the system chooses. */
  constructor(patience: Patience, bind?: string) {
    this.#patience = patience;
    this.#bind = bind;
  }

  /** Undefined: nothing came in time, or too much is asked already. Errors (thrown): those of writeRequest. */
  ask(peer: Peer, question: Question): Promise<Packet | undefined> {
    const place = this.#placeFor(peer);
    if (place === undefined) return Promise.resolve(undefined);
    const { line, identifier } = place;
    const bytes = writeRequest({ ...question, identifier }, peer.secret);
    const key = keyOf(peer, identifier);
    return new Promise((resolve) => {
      const waiting: Waiting = { peer, bytes, tries: 0, timer: undefined, answer };
      line.waiting.set(key, waiting);
      this.#send(line, waiting);

      function answer(reply: Packet | undefined): void {
        clearTimeout(waiting.timer);
        line.waiting.delete(key);
        resolve(reply);
      }
    });
  }

  /** Whoever waits for an answer gets none. */
  close(): void {
    this.#closed = true;
    for (const { socket, waiting } of this.#lines.splice(0)) {
      socket.close();
      for (const one of waiting.values()) one.answer(undefined);
    }
  }

  #send(line: Line, waiting: Waiting): void {
    const wait = this.#patience[waiting.tries++];
    if (wait === undefined || this.#closed) {
      waiting.answer(undefined);
      return;
    }
    line.socket.send(waiting.bytes, waiting.peer.port, waiting.peer.address, () => {
      // What could not be sent is sent again.
    });
    waiting.timer = setTimeout(() => this.#send(line, waiting), wait);
  }

  #placeFor(peer: Peer): { line: Line; identifier: number } | undefined {
    if (this.#closed) return undefined;
    const family = isIPv6(peer.address) ? 'udp6' : 'udp4';
    const lines = this.#lines.filter((line) => line.family === family);
    for (const line of lines) {
      for (let i = 0; i < IDENTIFIERS; i++) {
        const identifier = line.next;
        line.next = (line.next + 1) % IDENTIFIERS;
        if (!line.waiting.has(keyOf(peer, identifier))) return { line, identifier };
      }
    }
    return lines.length < MOST_LINES ? { line: this.#open(family), identifier: 0 } : undefined;
  }

  #open(family: 'udp4' | 'udp6'): Line {
    const socket = createSocket(family);
    const line: Line = { socket, family, waiting: new Map(), next: 1 };
    socket.on('message', (datagram, from) => take(line, datagram, from));
    // What could not be read or sent counts as lost.
    socket.on('error', () => {});
    if (this.#bind !== undefined && isIPv6(this.#bind) === (family === 'udp6')) socket.bind({ address: this.#bind });
    socket.unref();
    this.#lines.push(line);
    return line;
  }
}

function take({ waiting }: Line, datagram: Buffer, from: { address: string; port: number }): void {
  const reply = readPacket(datagram);
  if (!(reply instanceof Packet)) return;
  const one = waiting.get(keyOf(from, reply.identifier));
  if (one === undefined) return;
  const checked = checkReply(reply, one.bytes.subarray(4, 20), one.peer.secret);
  if (checked === 'signed' || (checked === 'unsigned' && !one.peer.signs)) one.answer(reply);
}

function keyOf({ address, port }: { address: string; port: number }, identifier: number): string {
  return `${identifier} ${port} ${address}`;
}
