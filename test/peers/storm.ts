/**
 * A storm of registrations for tests of crashes, outages and overload: many telephones behind a few UDP sockets, in this process.
 *
 * Each telephone does one thing after the other: registers a new contact, refreshes one, moves to another, removes one, tries again, each
 * with other seconds of validity, authenticated by digest, repeated as RFC 3261 17.1.2 says while no answer comes. A ledger per telephone
 * keeps what was acknowledged, so that `losses()` can ask the server for all contacts and name what is missing, wrong or too much.
 * `tally` counts answers by status; `opened` and `ended` name the sessions that the audit trail must know. INVITEs to the contacts are
 * answered 486, and `call()` tells which contacts one of them reached.
 *
 *     const storm = await Storm.open(t, { server: site.sip, domain: 'gate.test', phones: 300, atOnce: 100 });
 *     site.import(storm.users);
 *     storm.start(); … await storm.stop();           // or storm.cut() when the server was killed
 *     assert.deepEqual(await storm.losses(), []);
 *
 * A steady load instead of as much as is answered: `perSecond`. Units: milliseconds, unless said otherwise.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { sessionId } from '../../src/doors/sip/modules/usrloc/sessions.ts';
import { answer, header, newBranch, statusOf } from '../sip-client.ts';
import { Ledger, type Wish } from './ledger.ts';

const SOCKETS = 8;
const MOST_CONTACTS = 3;
const LOOK_MS = 20;
/** Timer T1 of RFC 3261. */
const T1_MS = 500;
const GIVE_UP_MS = 6_000;

export interface StormOptions {
  /** `127.0.0.1:5060` */
  readonly server: string;
  readonly domain: string;
  readonly phones: number;
  /** Telephones that may wait for an answer at the same time. */
  readonly atOnce: number;
  /** Changes begun in a second at most. */
  readonly perSecond?: number;
  /** The first so many telephones take no part: they do what `change` and `call` say. */
  readonly spare?: number;
  /** Of the order of things. */
  readonly seed?: number;
}

interface Tally {
  /** Changes that got a 200. */
  acknowledged: number;
  /** Final answers by status; 401 is none, unless to the right credentials. */
  readonly answers: Map<number, number>;
  /** Changes given up without an answer. */
  unanswered: number;
  /** The longest time from the credentials to a final answer other than 200. */
  slowestRefusal: number;
}

interface Phone {
  readonly name: string;
  readonly socket: Socket;
  readonly port: number;
  readonly ledger: Ledger;
  challenge: string;
  /** Times that the challenge was answered. */
  uses: number;
  cseq: number;
  lastContact: number;
  /** What was asked for last and not acknowledged. */
  again: readonly Wish[] | undefined;
  exchange: Exchange | undefined;
}

/** A request under way. */
interface Exchange {
  readonly method: 'REGISTER' | 'INVITE';
  readonly uri: string;
  /** A REGISTER without any asks what is there. */
  readonly wishes: readonly Wish[];
  readonly done: (response: string | undefined) => void;
  text: string;
  challenges: number;
  authorised: boolean;
  begun: number;
  repeatAt: number;
  wait: number;
}

export class Storm {
  tally = newTally();
  /** Sessions that were acknowledged, by id. */
  readonly opened: string[] = [];
  readonly ended: string[] = [];
  readonly #options: StormOptions;
  readonly #phones: Phone[] = [];
  /** Request-URIs of INVITEs that came to the contacts, by Call-ID. */
  readonly #rang = new Map<string, string[]>();
  #idle: Phone[] = [];
  #busy = 0;
  #credit = 0;
  #looked = 0;
  #blowing = false;
  #calm: (() => void) | undefined;
  #goal: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #random: number;

  private constructor(options: StormOptions) {
    this.#options = options;
    this.#random = options.seed ?? 1;
  }

  static async open(t: { after(work: () => void): void }, options: StormOptions): Promise<Storm> {
    const storm = new Storm(options);
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => storm.#openSocket()));
    t.after(() => {
      clearInterval(storm.#timer);
      for (const socket of sockets) socket.close();
    });
    for (let i = 0; i < options.phones; i++) {
      const socket = sockets[i % SOCKETS]!;
      storm.#phones.push({
        name: `u${i + 1}`,
        socket,
        port: socket.address().port,
        ledger: new Ledger(),
        challenge: '',
        uses: 0,
        cseq: 0,
        lastContact: 0,
        again: undefined,
        exchange: undefined,
      });
    }
    storm.#idle = storm.#phones.slice(options.spare ?? 0);
    storm.#timer = setInterval(() => storm.#look(), LOOK_MS);
    return storm;
  }

  /** For `site.import`. */
  get users(): string[] {
    return this.#phones.map(({ name }) => `${name}@${this.#options.domain},pw-${name},`);
  }

  get contacts(): number {
    return this.#phones.reduce((sum, { ledger }) => sum + ledger.owed.length, 0);
  }

  start(): void {
    this.tally = newTally();
    this.#blowing = true;
    this.#look();
  }

  /** Begins nothing new and waits for what is under way. */
  stop(): Promise<void> {
    this.#blowing = false;
    return new Promise((resolve) => {
      this.#calm = resolve;
      this.#calmed();
    });
  }

  /** Gives up all that is under way: whoever should answer is dead. */
  cut(): void {
    this.#blowing = false;
    for (const phone of this.#phones) if (phone.exchange) this.#finish(phone, undefined);
  }

  /** Resolves when `reached` is true of the tally. */
  until(reached: (tally: Tally) => boolean, ms = 60_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#goal = undefined;
        reject(new Error(`the storm does not get there: ${JSON.stringify(this.#shown())}`));
      }, ms);
      this.#goal = () => {
        if (!reached(this.tally)) return;
        this.#goal = undefined;
        clearTimeout(late);
        resolve();
      };
      this.#goal();
    });
  }

  /**
   * Asks the server for the contacts of all telephones. What is wrong, one line each; empty: nothing acknowledged is lost.
   * `fromDisk`: the server has just been started, so that what it says ends all doubt about changes that it did not acknowledge.
   */
  async losses(fromDisk = false): Promise<string[]> {
    const faults: string[] = [];
    const phones = [...this.#phones];
    await Promise.all(
      Array.from({ length: this.#options.atOnce }, async () => {
        for (let phone = phones.pop(); phone; phone = phones.pop()) {
          const response = await this.#ask(phone, 'REGISTER', `sip:${this.#options.domain}`, []);
          if (statusOf(response) !== 200) faults.push(`${phone.name}: ${response?.slice(0, 40) ?? 'no answer'}`);
          const found = contactsIn(response ?? '');
          faults.push(...phone.ledger.faults(found).map((fault) => `${phone.name}: ${fault}`));
          if (fromDisk && response !== undefined) phone.ledger.settle(found);
        }
      }),
    );
    return faults;
  }

  /** One change of a spare telephone (by number, from 0): the final answer. */
  change(number: number): Promise<string | undefined> {
    return new Promise((done) => this.#change(this.#phones[number]!, done));
  }

  /** Calls a telephone (by number, from 0) from another: the contacts that it owns and those that rang, sorted. */
  async call(from: number, to: number): Promise<{ status: number; owed: string[]; rang: string[] }> {
    const [caller, called] = [this.#phones[from]!, this.#phones[to]!];
    const uri = `sip:${called.name}@${this.#options.domain}`;
    this.#rang.clear();
    const response = await this.#ask(caller, 'INVITE', uri, []);
    const rang = this.#rang.get(header(response ?? '', 'Call-ID') ?? '') ?? [];
    return { status: statusOf(response), owed: called.ledger.owed.sort(), rang: [...new Set(rang)].sort() };
  }

  async #openSocket(): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
    socket.on('message', (data) => this.#onMessage(socket, data.toString('latin1')));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  }

  /** Begins what may begin, repeats what is due, gives up what is too old. */
  #look(): void {
    const now = performance.now();
    for (const phone of this.#phones) {
      const { exchange } = phone;
      if (!exchange || now < exchange.repeatAt) continue;
      if (now - exchange.begun > GIVE_UP_MS) {
        this.tally.unanswered++;
        this.#finish(phone, undefined);
      } else {
        exchange.wait *= 2;
        exchange.repeatAt = now + exchange.wait;
        this.#transmit(phone, exchange.text);
      }
    }
    const { perSecond = Number.POSITIVE_INFINITY } = this.#options;
    this.#credit = Math.min(perSecond, this.#credit + ((now - this.#looked) * perSecond) / 1000 || 0);
    this.#looked = now;
    this.#blow();
  }

  #blow(): void {
    const { atOnce, perSecond } = this.#options;
    while (this.#blowing && this.#busy < atOnce && this.#idle.length > 0) {
      if (perSecond !== undefined && --this.#credit < 0) return;
      const at = this.#pick(this.#idle.length);
      const phone = this.#idle[at]!;
      this.#idle[at] = this.#idle.at(-1)!;
      this.#idle.pop();
      this.#busy++;
      this.#change(phone, () => {
        this.#busy--;
        this.#idle.push(phone);
        if (this.#busy === 0) this.#calmed();
        this.#blow();
      });
    }
  }

  #change(phone: Phone, done: Exchange['done']): void {
    const { ledger } = phone;
    const owed = ledger.owed;
    const expires = 600 + 30 * this.#pick(100);
    const made = () => ({ contact: `sip:${phone.name}-${++phone.lastContact}@127.0.0.1:${phone.port}`, expires });
    const known = owed[this.#pick(owed.length)];
    const kind = this.#pick(8);
    let wishes: readonly Wish[];
    if (phone.again && this.#pick(2) === 0) wishes = phone.again;
    else if (known === undefined || (kind < 2 && owed.length < MOST_CONTACTS)) wishes = [made()];
    else if (kind < 5) wishes = [{ contact: known, expires }];
    else if (kind < 7) wishes = [{ contact: known, expires: 0 }, made()];
    else wishes = [{ contact: known, expires: 0 }];
    this.#send(phone, 'REGISTER', `sip:${this.#options.domain}`, wishes, (response) => {
      phone.again = statusOf(response) === 200 ? undefined : wishes;
      if (!phone.again) this.#acknowledged(phone, wishes, new Set(owed));
      done(response);
    });
  }

  #acknowledged({ name }: Phone, wishes: readonly Wish[], owed: ReadonlySet<string>): void {
    this.tally.acknowledged++;
    for (const { contact, expires } of wishes) {
      const id = sessionId('location', name, contact);
      if (expires === 0) this.ended.push(id);
      else if (!owed.has(contact)) this.opened.push(id);
    }
  }

  #ask(phone: Phone, method: Exchange['method'], uri: string, wishes: Wish[]): Promise<string | undefined> {
    return new Promise((done) => this.#send(phone, method, uri, wishes, done));
  }

  #send(phone: Phone, method: Exchange['method'], uri: string, wishes: readonly Wish[], done: Exchange['done']): void {
    const now = performance.now();
    const more = { challenges: 0, authorised: false, begun: now, repeatAt: 0, wait: 0 };
    phone.exchange = { method, uri, wishes, done, text: '', ...more };
    // A challenge to a REGISTER is answered several times, as long as the server takes it.
    this.#begin(phone, method === 'REGISTER' ? phone.challenge : '');
  }

  #begin(phone: Phone, challenge: string): void {
    const exchange = phone.exchange!;
    const { method, uri } = exchange;
    const proof = challenge && answer(challenge, method, uri, phone.name, `pw-${phone.name}`, ++phone.uses);
    if (proof && !exchange.authorised) exchange.begun = performance.now();
    exchange.authorised = proof !== '';
    exchange.text = this.#request(phone, exchange, proof);
    exchange.wait = T1_MS;
    exchange.repeatAt = performance.now() + T1_MS;
    this.#transmit(phone, exchange.text);
  }

  #request(phone: Phone, { method, uri, wishes }: Exchange, proof: string): string {
    const aor = `sip:${phone.name}@${this.#options.domain}`;
    const contacts = wishes.map(({ contact, expires }) => `Contact: <${contact}>;expires=${expires}\r\n`);
    const own = `Contact: <sip:${phone.name}@127.0.0.1:${phone.port}>\r\n`;
    return `${method} ${uri} SIP/2.0\r
Via: SIP/2.0/UDP 127.0.0.1:${phone.port};branch=${newBranch()};rport\r
Max-Forwards: 70\r
From: <${aor}>;tag=a1\r
To: <${method === 'REGISTER' ? aor : uri}>\r
Call-ID: ${phone.name}.${method}.${this.#options.seed ?? 1}.${phone.port}\r
CSeq: ${++phone.cseq} ${method}\r
${method === 'REGISTER' ? contacts.join('') : own}${proof && `${proof}\r\n`}Content-Length: 0\r
\r
`;
  }

  #transmit({ socket }: Phone, text: string): void {
    const { server } = this.#options;
    socket.send(text, Number(server.slice(server.lastIndexOf(':') + 1)), server.slice(0, server.lastIndexOf(':')));
  }

  #onMessage(socket: Socket, text: string): void {
    const status = statusOf(text);
    const callId = header(text, 'Call-ID') ?? '';
    if (status === 0) {
      this.#onRequest(socket, text, callId);
      return;
    }
    const phone = this.#phones[Number(callId.slice(1, callId.indexOf('.'))) - 1];
    const exchange = phone?.exchange;
    if (!phone || !exchange || header(text, 'CSeq') !== `${phone.cseq} ${exchange.method}`) return;
    if (status < 200) {
      exchange.repeatAt = Number.POSITIVE_INFINITY;
      if (exchange.method === 'REGISTER') exchange.repeatAt = exchange.begun + GIVE_UP_MS + 1;
      return;
    }
    if (exchange.method === 'INVITE') this.#transmit(phone, ackTo(text, exchange));
    if ((status === 401 || status === 407) && exchange.challenges++ < 2) {
      if (status === 401) phone.challenge = text;
      phone.uses = 0;
      this.#begin(phone, text);
      return;
    }
    this.#finish(phone, text);
  }

  /** Calls are not taken: all branches shall ring. */
  #onRequest(socket: Socket, text: string, callId: string): void {
    if (!text.startsWith('INVITE ')) return;
    const rang = this.#rang.get(callId) ?? [];
    this.#rang.set(callId, rang);
    rang.push(text.slice(7, text.indexOf(' ', 7)));
    const lines = text.split('\r\n').filter((line) => /^(via|from|call-id|cseq):/i.test(line));
    const reply = ['SIP/2.0 486 Busy Here', ...lines, `To: ${header(text, 'To')};tag=b1`, 'Content-Length: 0', '', ''];
    const { server } = this.#options;
    socket.send(reply.join('\r\n'), Number(server.slice(server.lastIndexOf(':') + 1)), '127.0.0.1');
  }

  #finish(phone: Phone, response: string | undefined): void {
    const { wishes, done, authorised, begun, method } = phone.exchange!;
    phone.exchange = undefined;
    const status = statusOf(response);
    const ago = (performance.now() - begun) / 1000;
    if (method === 'REGISTER' && status === 200) phone.ledger.acknowledge(wishes, ago);
    else if (method === 'REGISTER' && authorised) phone.ledger.doubt(wishes, ago);
    if (response !== undefined) {
      this.tally.answers.set(status, (this.tally.answers.get(status) ?? 0) + 1);
      if (status !== 200) this.tally.slowestRefusal = Math.max(this.tally.slowestRefusal, performance.now() - begun);
    }
    done(response);
    this.#goal?.();
  }

  #calmed(): void {
    if (this.#busy > 0 || !this.#calm) return;
    this.#calm();
    this.#calm = undefined;
  }

  #shown(): unknown {
    return { ...this.tally, answers: Object.fromEntries(this.tally.answers), busy: this.#busy };
  }

  /** 0 … count - 1 (mulberry32). */
  #pick(count: number): number {
    this.#random = (this.#random + 0x6d2b79f5) | 0;
    let n = Math.imul(this.#random ^ (this.#random >>> 15), 1 | this.#random);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return Math.floor((((n ^ (n >>> 14)) >>> 0) / 2 ** 32) * count);
  }
}

function newTally(): Tally {
  return { acknowledged: 0, answers: new Map(), unanswered: 0, slowestRefusal: 0 };
}

/** RFC 3261 17.1.1.3. */
function ackTo(response: string, { uri, text }: Exchange): string {
  const lines = [
    `ACK ${uri} SIP/2.0`,
    `Via: ${header(text, 'Via')}`,
    'Max-Forwards: 70',
    `From: ${header(text, 'From')}`,
    `To: ${header(response, 'To')}`,
    `Call-ID: ${header(text, 'Call-ID')}`,
    `CSeq: ${header(text, 'CSeq')!.replace('INVITE', 'ACK')}`,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function contactsIn(response: string): Wish[] {
  const text = header(response, 'Contact') ?? '';
  return [...text.matchAll(/<([^>]*)>[^,]*;expires=(\d+)/g)].map(([, contact, expires]) => ({
    contact: contact!,
    expires: Number(expires),
  }));
}
