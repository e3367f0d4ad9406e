/**
 * Telephones that do not wait for one another: so many flows begin each second whatever becomes of the earlier ones, and each
 * repeats its messages as RFC 3261 section 17 says. That is what an overload is made of; sipp holds back when too many are open.
 *
 * A registration is REGISTER, 401, REGISTER, 200. A call is INVITE, 407, ACK, INVITE, 180, 200, ACK, BYE, 200, and its called side rings
 * for 50 ms. A flow that gets a 503 ends as shed; one that hears nothing for 16 s as failed. Times in milliseconds.
 */
import { hash } from 'node:crypto';
import type { DatagramSocket } from '../../src/doors/sip/transport/datagram.ts';
import type { Receiver, Source } from '../../src/doors/sip/transport/types.ts';
import { chooseUdp } from '../../src/doors/sip/transport/udp-choice.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { Timer, type TimerOwner, TimerWheel } from '../../src/platform/timer-wheel.ts';

const T1 = 500;
const T2 = 4000;
const GIVE_UP_MS = 16_000;
const RING_MS = 50;
const PACE_MS = 5;
const SOCKETS = 8;

export type FlowKind = 'registration' | 'call';

/** What became of the flows that began in one second. */
export interface Second {
  begun: number;
  done: number;
  shed: number;
  failed: number;
}

export interface Tally {
  readonly seconds: readonly Second[];
  /** Flows that came to their good end within the time, whenever they began. */
  readonly done: number;
  /** Seconds. */
  readonly took: number;
  readonly repeated: number;
}

/** Begins flows as their time comes. */
export interface Load {
  /** False: all have begun, and the time is over. */
  advance(): boolean;
  tally(): Tally;
}

export interface FloodOptions {
  /** Absent: the time and the network of this machine. */
  readonly clock?: Clock;
  readonly open?: (onMessage: Receiver['onMessage']) => Promise<DatagramSocket>;
  /** `127.0.0.1:5060`. */
  readonly target: string;
  readonly domain: string;
  readonly users: number;
  userName(index: number): string;
  passwordOf(user: string): string;
}

export class Flood {
  readonly options: FloodOptions;
  readonly wheel: TimerWheel;
  readonly #clock: Clock;
  readonly flows = new Map<number, Flow>();
  repeated = 0;
  finished = 0;
  callee!: Callee;
  readonly #sockets: DatagramSocket[] = [];
  readonly #host: string;
  readonly #port: number;
  #last = 0;

  private constructor(options: FloodOptions) {
    this.options = options;
    this.#clock = options.clock ?? systemClock;
    this.wheel = new TimerWheel({
      clock: this.#clock,
      onError: (error) => {
        throw error;
      },
    });
    const colon = options.target.lastIndexOf(':');
    this.#host = options.target.slice(0, colon);
    this.#port = Number(options.target.slice(colon + 1));
  }

  static async open(options: FloodOptions): Promise<Flood> {
    const flood = new Flood(options);
    const open = options.open ?? openSocket;
    for (let i = 0; i < SOCKETS; i++) {
      flood.#sockets.push(await open((text) => flood.#receive(text)));
    }
    const callee: Callee = new Callee(flood.wheel, await open((text, source) => callee.receive(text, source)));
    flood.callee = callee;
    if (options.clock === undefined) flood.wheel.run();
    return flood;
  }

  /** Begins `rate` flows a second for `seconds`, and waits for none of them. */
  async run(kind: FlowKind, rate: number, seconds: number): Promise<Tally> {
    const load = this.load(kind, rate, seconds);
    await new Promise<void>((resolve) => {
      const pace = setInterval(() => {
        if (load.advance()) return;
        clearInterval(pace);
        resolve();
      }, PACE_MS);
    });
    return load.tally();
  }

  load(kind: FlowKind, rate: number, length: number): Load {
    const seconds = Array.from({ length }, () => ({ begun: 0, done: 0, shed: 0, failed: 0 }));
    const [finished, repeated, start] = [this.finished, this.repeated, this.#clock.monotonic()];
    let begun = 0;
    return {
      advance: () => {
        const elapsed = this.#clock.monotonic() - start;
        const due = Math.min(rate * length, Math.floor((elapsed * rate) / 1000));
        for (; begun < due; begun++) this.#begin(kind, seconds[Math.min(length - 1, Math.floor(begun / rate))]!);
        return elapsed < length * 1000;
      },
      tally: () => {
        const took = (this.#clock.monotonic() - start) / 1000;
        return { seconds, done: this.finished - finished, took, repeated: this.repeated - repeated };
      },
    };
  }

  #begin(kind: FlowKind, bin: Second): void {
    bin.begun++;
    const id = ++this.#last;
    const flow = new Flow(this, kind, id, bin);
    this.flows.set(id, flow);
    flow.begin();
  }

  /** Resolves when no flow is open any more. */
  async settle(withinMs: number): Promise<void> {
    const limit = performance.now() + withinMs;
    while (this.flows.size > 0 && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  hostPort(id: number): string {
    return this.#sockets[id % SOCKETS]!.point.hostPort;
  }

  send(id: number, text: string): void {
    this.#sockets[id % SOCKETS]!.send(text, this.#host, this.#port, undefined);
  }

  #receive(text: string): void {
    const at = text.indexOf('\r\nCall-ID: f');
    const flow = this.flows.get(Number.parseInt(text.slice(at + 12, at + 24), 10));
    flow?.receive(Number(text.slice(8, 11)), text);
  }

  async close(): Promise<void> {
    this.wheel.halt();
    await Promise.all([this.callee.close(), ...this.#sockets.map((socket) => socket.close())]);
  }
}

/** The server's own, where they are native: a load generator on dgram would be the first to be overloaded. */
function openSocket(onMessage: Receiver['onMessage']): Promise<DatagramSocket> {
  const counters = { received: 0, sent: 0, sendErrors: 0 };
  return chooseUdp(true).open({ address: '127.0.0.1', port: 0 }, { onMessage, onUnframed: () => {} }, counters);
}

/** Names the header that a challenge is answered with. */
const ANSWER_TO: Readonly<Record<number, string>> = { 401: 'Authorization', 407: 'Proxy-Authorization' };

class Flow implements TimerOwner {
  readonly #flood: Flood;
  readonly #kind: FlowKind;
  readonly #id: number;
  readonly #bin: Second;
  readonly #user: string;
  readonly #callee: string;
  readonly #repeat = new Timer(this);
  readonly #limit = new Timer(this, 1);
  #method: string;
  #cseq = 0;
  /** What is repeated until it is answered, '' = nothing. */
  #text = '';
  #pause = T1;

  constructor(flood: Flood, kind: FlowKind, id: number, bin: Second) {
    this.#flood = flood;
    this.#kind = kind;
    this.#id = id;
    this.#bin = bin;
    const { userName, users } = flood.options;
    this.#user = userName(id % users);
    this.#callee = userName((id + 1) % users);
    this.#method = kind === 'call' ? 'INVITE' : 'REGISTER';
  }

  begin(): void {
    this.#flood.wheel.start(this.#limit, GIVE_UP_MS);
    this.#request('');
  }

  get #uri(): string {
    const { domain } = this.#flood.options;
    return this.#kind === 'call' ? `sip:${this.#callee}@${domain}` : `sip:${domain}`;
  }

  /** The next request, repeated until an answer comes. */
  #request(more: string, to = this.#kind === 'call' ? `<${this.#uri}>` : `<${this.#aor}>`, uri = this.#uri): void {
    this.#cseq++;
    this.#text = this.#build(this.#method, uri, to, more);
    this.#pause = T1;
    this.#flood.wheel.start(this.#repeat, T1);
    this.#flood.send(this.#id, this.#text);
  }

  get #aor(): string {
    return `sip:${this.#user}@${this.#flood.options.domain}`;
  }

  #build(method: string, uri: string, to: string, more: string): string {
    const id = this.#id;
    const own = this.#flood.hostPort(id);
    const contact =
      this.#kind === 'call'
        ? `Contact: <sip:${this.#user}@${own}>\r\n`
        : `Contact: <sip:${this.#user}@${this.#flood.callee.hostPort}>\r\nExpires: 1800\r\n`;
    return (
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/UDP ${own};branch=z9hG4bKf${id}-${this.#cseq};rport\r\nMax-Forwards: 70\r\n` +
      `From: <${this.#aor}>;tag=f${id}\r\nTo: ${to}\r\nCall-ID: f${id}@flood\r\nCSeq: ${this.#cseq} ${method}\r\n` +
      `${contact}User-Agent: Gatehouse bench\r\n${more}Content-Length: 0\r\n\r\n`
    );
  }

  receive(status: number, text: string): void {
    const cseq = text.indexOf('\r\nCSeq: ') + 8;
    if (Number.parseInt(text.slice(cseq, cseq + 4), 10) !== this.#cseq) return;
    if (status < 200) {
      // An INVITE is not repeated any more, anything else every T2.
      this.#pause = T2;
      if (this.#method === 'INVITE') this.#flood.wheel.stop(this.#repeat);
      return;
    }
    this.#flood.wheel.stop(this.#repeat);
    const to = lineOf(text, '\r\nTo: ');
    if (this.#method === 'INVITE' && status >= 300) this.#flood.send(this.#id, this.#build('ACK', this.#uri, to, ''));
    if (status === 401 || status === 407) {
      if (this.#cseq === 1) this.#request(this.#answer(text, status));
      else this.#end('failed');
    } else if (status >= 300) this.#end(status === 503 ? 'shed' : 'failed');
    else if (this.#method !== 'INVITE') this.#end('done');
    else {
      const route = `Route: ${lineOf(text, '\r\nRecord-Route: ')}\r\n`;
      const callee = `sip:${this.#callee}@${this.#flood.callee.hostPort}`;
      this.#flood.send(this.#id, this.#build('ACK', callee, to, route));
      this.#method = 'BYE';
      this.#request(route, to, callee);
    }
  }

  #answer(challenge: string, status: number): string {
    const at = challenge.indexOf('nonce="') + 7;
    const nonce = challenge.slice(at, challenge.indexOf('"', at));
    const { domain, passwordOf } = this.#flood.options;
    const ha1 = hash('md5', `${this.#user}:${domain}:${passwordOf(this.#user)}`);
    const response = hash('md5', `${ha1}:${nonce}:${hash('md5', `${this.#method}:${this.#uri}`)}`);
    return `${ANSWER_TO[status]}: Digest username="${this.#user}", realm="${domain}", nonce="${nonce}", uri="${this.#uri}", response="${response}"\r\n`;
  }

  onTimer(timer: Timer): void {
    if (timer === this.#limit) {
      this.#end('failed');
      return;
    }
    this.#flood.repeated++;
    this.#pause = this.#method === 'INVITE' ? this.#pause * 2 : Math.min(this.#pause * 2, T2);
    this.#flood.wheel.start(this.#repeat, this.#pause);
    this.#flood.send(this.#id, this.#text);
  }

  #end(how: 'done' | 'shed' | 'failed'): void {
    this.#flood.wheel.stop(this.#repeat);
    this.#flood.wheel.stop(this.#limit);
    this.#flood.flows.delete(this.#id);
    this.#bin[how]++;
    if (how === 'done') this.#flood.finished++;
  }
}

/** Rings, answers, and hangs up when told to; repeats its 200 until the ACK comes. */
class Callee {
  readonly hostPort: string;
  readonly #wheel: TimerWheel;
  readonly #socket: DatagramSocket;
  readonly #ringing = new Map<string, Answer>();

  constructor(wheel: TimerWheel, socket: DatagramSocket) {
    this.#wheel = wheel;
    this.#socket = socket;
    this.hostPort = socket.point.hostPort;
  }

  receive(text: string, { address, port }: Source): void {
    const callId = lineOf(text, '\r\nCall-ID: ');
    if (text.startsWith('INVITE ')) {
      const known = this.#ringing.get(callId);
      if (known) {
        known.again();
        return;
      }
      const send = (reply: string) => this.#socket.send(reply, address, port, undefined);
      this.#ringing.set(callId, new Answer(this.#wheel, text, this.hostPort, send));
    } else if (text.startsWith('ACK ')) this.#ringing.get(callId)?.stop();
    else if (text.startsWith('BYE ')) {
      this.#ringing.get(callId)?.stop();
      this.#ringing.delete(callId);
      this.#socket.send(replyTo(text, '200 OK', ''), address, port, undefined);
    }
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}

class Answer implements TimerOwner {
  readonly #wheel: TimerWheel;
  readonly #send: (reply: string) => void;
  readonly #ok: string;
  readonly #timer = new Timer(this);
  #last: string;
  #pause = 0;
  #waited = 0;

  constructor(wheel: TimerWheel, invite: string, contact: string, send: (reply: string) => void) {
    this.#wheel = wheel;
    this.#send = send;
    this.#last = replyTo(invite, '180 Ringing', '');
    this.#ok = replyTo(invite, '200 OK', `Contact: <sip:${contact}>\r\n`);
    this.again();
    wheel.start(this.#timer, RING_MS);
  }

  again(): void {
    this.#send(this.#last);
  }

  onTimer(): void {
    this.#last = this.#ok;
    this.again();
    this.#pause = this.#pause === 0 ? T1 : Math.min(this.#pause * 2, T2);
    this.#waited += this.#pause;
    if (this.#waited < GIVE_UP_MS) this.#wheel.start(this.#timer, this.#pause);
  }

  stop(): void {
    this.#wheel.stop(this.#timer);
  }
}

function replyTo(request: string, status: string, more: string): string {
  let copied = '';
  for (const line of request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n')) {
    if (/^(Via|Record-Route|From|Call-ID|CSeq):/.test(line)) copied += `${line}\r\n`;
    else if (line.startsWith('To:')) copied += `${line}${line.includes(';tag=') ? '' : ';tag=callee'}\r\n`;
  }
  return `SIP/2.0 ${status}\r\n${copied}${more}Content-Length: 0\r\n\r\n`;
}

/** The rest of the line that `start` begins. */
function lineOf(text: string, start: string): string {
  const at = text.indexOf(start);
  return at < 0 ? '' : text.slice(at + start.length, text.indexOf('\r\n', at + start.length));
}
