/**
 * A datagram from its arrival to its answer: who sent it, is it whole and signed, was it answered before, what is to be said.
 *
 * Nothing that comes throws or is answered without having been signed for: whoever is not a client hears nothing, nor does a client
 * with another secret (RFC 2865 section 3).
 */
import type { Answer } from '../../../core/answer.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { checkMessageAuthenticator, checkSum } from '../../../platform/radius/authenticators.ts';
import { ATTRIBUTE, CODE, isSummed } from '../../../platform/radius/numbers.ts';
import { Packet, readPacket } from '../../../platform/radius/packet.ts';
import { writeReply } from '../../../platform/radius/reply.ts';
import { Seldom } from '../../../platform/seldom.ts';
import type { Clients, RadiusClient } from './clients.ts';
import { type Dropped, newCounters, type RadiusCounters } from './counters.ts';
import { Duplicates, type Exchange } from './duplicates.ts';
import type { Outcome, Said } from './outcome.ts';

/** Answers requests of one code. */
export interface Handler {
  answer(packet: Packet, client: RadiusClient, from: string): Answer<Outcome>;
}

export type PortKind = 'access' | 'accounting' | 'dynamic';

/** Where a datagram came in, and where its answer goes out. */
export interface Port {
  readonly kind: PortKind;
  /** Tells ports apart. */
  readonly name: string;
  send(reply: Buffer, to: Sender): void;
}

export interface Sender {
  readonly address: string;
  readonly port: number;
}

/** One that is whole and signed. */
interface Request {
  readonly packet: Packet;
  readonly client: RadiusClient;
  readonly from: Sender;
  readonly port: Port;
}

export interface ReceiverParts {
  readonly handlers: Readonly<Record<PortKind, Handler>>;
  readonly clock: Clock;
  readonly log: Log;
  /** Requests that may wait for the gate at once. */
  readonly mostWaiting?: number;
}

const MOST_WAITING = 4096;
/** What each port takes, and what it says to Status-Server (RFC 5997 section 3): dynamic authorization has none. */
const TAKES: Readonly<Record<PortKind, readonly number[]>> = {
  access: [CODE.accessRequest, CODE.statusServer],
  accounting: [CODE.accountingRequest, CODE.statusServer],
  dynamic: [CODE.disconnectRequest, CODE.coaRequest],
};
const ALIVE: Readonly<Record<PortKind, Said>> = {
  access: { code: CODE.accessAccept, attributes: [] },
  accounting: { code: CODE.accountingResponse, attributes: [] },
  dynamic: { code: CODE.coaNak, attributes: [] },
};
const COUNTED: Partial<Record<number, 'accepts' | 'rejects' | 'challenges' | 'accounted' | 'acks' | 'naks'>> = {
  [CODE.accessAccept]: 'accepts',
  [CODE.accessReject]: 'rejects',
  [CODE.accessChallenge]: 'challenges',
  [CODE.accountingResponse]: 'accounted',
  [CODE.disconnectAck]: 'acks',
  [CODE.disconnectNak]: 'naks',
  [CODE.coaAck]: 'acks',
  [CODE.coaNak]: 'naks',
};

export class Receiver {
  readonly counters: RadiusCounters = newCounters();
  readonly duplicates: Duplicates;
  clients: Clients;
  waiting = 0;
  /** When a request was dropped because too many waited; monotonic. */
  busyAt = Number.NEGATIVE_INFINITY;
  readonly #parts: ReceiverParts;
  readonly #mostWaiting: number;
  readonly #complaints = new Map<Dropped, Seldom>();

  constructor(clients: Clients, parts: ReceiverParts) {
    this.clients = clients;
    this.#parts = parts;
    this.#mostWaiting = parts.mostWaiting ?? MOST_WAITING;
    this.duplicates = new Duplicates(parts.clock);
  }

  receive(datagram: Buffer, from: Sender, port: Port): void {
    try {
      const request = this.#take(datagram, from, port);
      if (request?.packet.code === CODE.statusServer) {
        this.counters.status++;
        this.#send(ALIVE[port.kind], request);
      } else if (request !== undefined) this.#answer(request);
    } catch (error) {
      this.#drop('fault', from, undefined, describeError(error));
    }
  }

  #answer(request: Request): void {
    const { packet, from, port } = request;
    const key = `${port.name} ${from.address} ${from.port} ${packet.identifier}`;
    const authenticator = packet.authenticator.toString('latin1');
    const earlier = this.duplicates.find(key, authenticator);
    if (earlier === undefined) {
      this.#begin(request, key, authenticator);
      return;
    }
    this.counters.duplicates++;
    if (earlier.reply) port.send(earlier.reply, from);
  }

  /** Undefined: it was dropped. */
  #take(datagram: Buffer, from: Sender, port: Port): Request | undefined {
    const client = this.clients.find(from.address);
    if (client === undefined) return this.#drop('unknown-client', from);
    // Nothing can be sent to port 0, and nobody sends from it but to see what happens.
    if (from.port === 0) return this.#drop('malformed', from, client);
    const packet = readPacket(datagram);
    if (!(packet instanceof Packet)) return this.#drop('malformed', from, client);
    const fault = faultOf(packet, client, port);
    return fault === undefined ? { packet, client, from, port } : this.#drop(fault, from, client);
  }

  #begin(request: Request, key: string, authenticator: string): void {
    const { packet, client, from } = request;
    if (this.waiting >= this.#mostWaiting) {
      this.busyAt = this.#parts.clock.monotonic();
      this.#drop('busy', from, client);
      return;
    }
    this.counters.requests++;
    const exchange = this.duplicates.open(key, authenticator);
    try {
      const outcome = this.#parts.handlers[request.port.kind].answer(packet, client, from.address);
      if (outcome instanceof Promise) this.#wait(outcome, request, exchange);
      else this.#settle(outcome, request, exchange);
    } catch (error) {
      this.#failed(error, request, exchange);
    }
  }

  #wait(outcome: Promise<Outcome>, request: Request, exchange: Exchange): void {
    this.waiting++;
    outcome
      .then((one) => this.#settle(one, request, exchange))
      .catch((error) => this.#failed(error, request, exchange))
      .finally(() => void this.waiting--);
  }

  #settle(outcome: Outcome, request: Request, exchange: Exchange): void {
    if (typeof outcome !== 'string') {
      this.#count(outcome);
      exchange.reply = this.#send(outcome, request);
      return;
    }
    this.counters.silent++;
    if (outcome === 'later') this.duplicates.forget(exchange);
  }

  #send({ code, attributes }: Said, { packet, client, from, port }: Request): Buffer | undefined {
    const reply = writeReply(code, packet, client.secret, attributes);
    if (reply === undefined) this.#drop('too-long', from, client);
    else port.send(reply, from);
    return reply;
  }

  #count({ code }: Said): void {
    const counted = COUNTED[code];
    if (counted !== undefined) this.counters[counted]++;
  }

  #failed(error: unknown, { from, client }: Request, exchange: Exchange): void {
    this.duplicates.forget(exchange);
    this.#drop('fault', from, client, describeError(error));
  }

  /** Each kind is said once a minute at most: any stranger can cause it. */
  #drop(why: Dropped, from: Sender, client?: RadiusClient, error?: string): undefined {
    this.counters.dropped[why]++;
    let seldom = this.#complaints.get(why);
    if (seldom === undefined) {
      seldom = new Seldom(this.#parts.clock);
      this.#complaints.set(why, seldom);
    }
    if (!seldom.due()) return undefined;
    this.#parts.log.warn(`a RADIUS packet was dropped: ${WHY[why]}`, {
      from: from.address,
      ...(client ? { client: client.name } : {}),
      ...(error === undefined ? {} : { error }),
    });
    return undefined;
  }
}

const WHY: Record<Dropped, string> = {
  'unknown-client': 'no client in `radius.clients` has this address',
  malformed: 'it is none, or is damaged',
  unexpected: 'its code has no business on this port',
  unsigned:
    'it has no Message-Authenticator; update the equipment, or set message_authenticator: optional for this client',
  'wrong-secret': 'the secret is another one there than here',
  busy: 'too many wait for an answer',
  'too-long': 'the answer would be too long',
  fault: 'an error of ours',
};

function faultOf(packet: Packet, client: RadiusClient, port: Port): Dropped | undefined {
  const { code } = packet;
  if (!TAKES[port.kind].includes(code)) return 'unexpected';
  if (isSummed(code) && !checkSum(packet, client.secret)) return 'wrong-secret';
  const signed = checkMessageAuthenticator(packet, client.secret);
  if (signed === 'wrong') return 'wrong-secret';
  if (signed === 'right' || isSummed(code)) return undefined;
  // A Proxy-State is what a forger needs who has only the answer to bend (CVE-2024-3596); EAP must be signed (RFC 3579 section 3.1).
  const mustSign =
    client.signs || code === CODE.statusServer || packet.has(ATTRIBUTE.eapMessage) || packet.has(ATTRIBUTE.proxyState);
  return mustSign ? 'unsigned' : undefined;
}
