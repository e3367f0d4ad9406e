/**
 * Several RADIUS servers that know the same: the first one that answers is believed. One that says nothing is asked last for a while, so that
 * only the request that found it silent has waited for it.
 *
 * Bounded: what is asked at once, and the time until all of them count as silent. Times are milliseconds.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { Asker, type Peer } from './asker.ts';
import type { Attribute } from './attributes.ts';
import type { Packet } from './packet.ts';

export interface ServersOptions {
  readonly timeout: number;
  /** How often each is asked before another one is. */
  readonly tries: number;
  readonly deadTime: number;
  readonly bind?: string | undefined;
  /** Requests at once; identifiers suffice for 4,096. */
  readonly most?: number;
}

export interface Question {
  readonly code: number;
  readonly attributes: readonly Attribute[];
}

/** Within this all have been asked: whoever asks us gives up after 32 s (RFC 3261 section 17.1.2.2). */
const LONGEST = 24_000;
const MOST = 1_024;

interface Server {
  readonly peer: Peer;
  /** Monotonic. */
  deadUntil: number;
}

export class RadiusServers {
  readonly #servers: readonly Server[];
  readonly #asker: Asker;
  readonly #deadTime: number;
  readonly #most: number;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting = 0;
  #closing = false;

  constructor(peers: readonly Peer[], options: ServersOptions, { clock, log }: { clock: Clock; log: Log }) {
    const { timeout, tries, bind } = options;
    const each = Math.min(timeout, Math.floor(LONGEST / (tries * peers.length)));
    this.#servers = peers.map((peer) => ({ peer, deadUntil: 0 }));
    this.#asker = new Asker(new Array<number>(tries).fill(each), bind);
    this.#deadTime = options.deadTime;
    this.#most = options.most ?? MOST;
    this.#clock = clock;
    this.#log = log;
  }

  /** Undefined: none of them answers, or too much is asked already. */
  async ask(question: Question): Promise<Packet | undefined> {
    if (this.#closing || this.#waiting >= this.#most) return undefined;
    this.#waiting++;
    try {
      for (const server of this.#inTurn()) {
        const reply = await this.#asker.ask(server.peer, { ...question, authenticator: randomBytes(16) });
        if (reply !== undefined) {
          server.deadUntil = 0;
          return reply;
        }
        this.#silent(server);
      }
      return undefined;
    } finally {
      this.#waiting--;
      if (this.#closing && this.#waiting === 0) this.#asker.close();
    }
  }

  /** Asks nothing more; what is asked already is waited for. */
  close(): void {
    this.#closing = true;
    if (this.#waiting === 0) this.#asker.close();
  }

  /** Those that are down last: they are better than none. */
  #inTurn(): Server[] {
    const now = this.#clock.monotonic();
    const isUp = ({ deadUntil }: Server) => deadUntil <= now;
    return [...this.#servers.filter(isUp), ...this.#servers.filter((server) => !isUp(server))];
  }

  #silent(server: Server): void {
    const now = this.#clock.monotonic();
    if (server.deadUntil <= now) {
      const { address, port } = server.peer;
      this.#log.warn('a RADIUS server does not answer, or not with our secret', { server: address, port });
    }
    server.deadUntil = now + this.#deadTime;
  }
}
