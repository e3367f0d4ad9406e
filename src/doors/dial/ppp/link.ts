/**
 * The far end of a line that speaks PPP, from its first frame until it is known who it is: LCP as the side that asks for a proof. IP is not
 * spoken here; who is to have that gets the line with pppd on it, and begins anew.
 *
 * It waits for each answer three seconds and asks ten times, as long as the line and the time it was given last. Of the peer's options it takes those
 * that change nothing for a conversation of this kind.
 *
 * Source: RFC 1661 sections 4 and 5, without the states that only the other side can be in; RFC 1570 section 2.3; MS-CBCP for operation 6.
 */
import type { Host } from '../line/types.ts';
import { FrameReader, frameOf, type Packet } from './frames.ts';
import { type Option, readOptions, writeOptions } from './options.ts';

export type Method = 'chap' | 'ms-chap-v2' | 'pap';

export interface Agreement {
  readonly method: Method;
  /** The other end wants to be called back, by CBCP. */
  readonly callBack: boolean;
}

const LCP = 0xc021;
const CODE = {
  configureRequest: 1,
  configureAck: 2,
  configureNak: 3,
  configureReject: 4,
  terminateRequest: 5,
  terminateAck: 6,
  echoRequest: 9,
  echoReply: 10,
} as const;
const OPTION = { mru: 1, map: 2, authentication: 3, magic: 5, callBack: 13 } as const;
const CBCP_OPERATION = 6;
/** In the order in which they are asked for. */
const METHODS: Readonly<Record<Method, Buffer>> = {
  chap: Buffer.of(0xc2, 0x23, 5),
  'ms-chap-v2': Buffer.of(0xc2, 0x23, 0x81),
  pap: Buffer.of(0xc0, 0x23),
};
const RESTART_MS = 3_000;
const TRIES = 10;
/** A peer that never agrees. */
const MOST_PACKETS = 50;
const MOST_WAITING = 32;

export class Link {
  readonly #host: Host;
  readonly #over: AbortSignal;
  readonly #takesCallBack: boolean;
  readonly #restartMs: number;
  readonly #reader = new FrameReader();
  #waiting: Packet[] = [];
  #wake: (() => void) | undefined;
  #identifier = 0;
  #wantsCallBack = false;
  #closed = false;

  /** `early`: what came before. `over`: nobody is there any more, or the time is. */
  constructor(
    host: Host,
    early: Buffer,
    over: AbortSignal,
    { takesCallBack, restartMs = RESTART_MS }: { takesCallBack: boolean; restartMs?: number },
  ) {
    this.#host = host;
    this.#over = over;
    this.#takesCallBack = takesCallBack;
    this.#restartMs = restartMs;
    over.addEventListener('abort', () => this.#wake?.(), { once: true });
    this.#take(early);
    host.listen((bytes) => this.#take(bytes));
  }

  /** Undefined: nothing was agreed upon. */
  async establish(): Promise<Agreement | undefined> {
    const untried = Object.keys(METHODS) as Method[];
    let method = untried.shift()!;
    let [ours, theirs] = [false, false];
    let asked = this.#request(method);
    for (let packets = 0, tries = 1; packets < MOST_PACKETS; ) {
      const packet = await this.#receive(this.#restartMs);
      if (this.#isOver) return undefined;
      if (packet === undefined) {
        if (++tries > TRIES) return undefined;
        if (!ours) asked = this.#request(method);
        continue;
      }
      packets++;
      if (packet.protocol !== LCP) continue;
      if (packet.code === CODE.configureRequest) theirs = this.#answer(packet);
      else if (packet.code === CODE.terminateRequest) return this.#end(packet);
      else if (packet.identifier !== asked) continue;
      else if (packet.code === CODE.configureAck) ours = true;
      else if (packet.code === CODE.configureReject) return undefined;
      else if (packet.code === CODE.configureNak) {
        const wanted = suggestion(packet.data);
        const next = untried.find((one) => one === wanted) ?? untried[0];
        if (next === undefined) return undefined;
        method = next;
        untried.splice(untried.indexOf(next), 1);
        asked = this.#request(method);
      }
      if (ours && theirs) return { method, callBack: this.#wantsCallBack };
    }
    return undefined;
  }

  /** Says this until something of the protocol comes back; undefined: nothing did. */
  async exchange(said: Omit<Packet, 'identifier'> | undefined, protocol: number): Promise<Packet | undefined> {
    for (let tries = 0; tries < TRIES && !this.#isOver; tries++) {
      if (said !== undefined) this.send({ ...said, identifier: this.nextIdentifier() });
      const until = performance.now() + this.#restartMs;
      for (let left = this.#restartMs; left > 0; left = until - performance.now()) {
        const packet = await this.#receive(left);
        if (packet === undefined) break;
        if (packet.protocol === protocol) return packet;
        if (packet.protocol === LCP) this.#keepUp(packet);
        if (this.#isOver) break;
      }
    }
    return undefined;
  }

  send(packet: Packet): void {
    if (!this.#isOver) this.#host.write(frameOf(packet));
  }

  /** Of what was asked last. */
  get identifier(): number {
    return this.#identifier;
  }

  nextIdentifier(): number {
    this.#identifier = (this.#identifier % 255) + 1;
    return this.#identifier;
  }

  /** The other end begins anew, with whoever has the line then. */
  handOver(): void {
    this.#lcp(CODE.configureRequest, this.nextIdentifier(), Buffer.alloc(0));
    this.#host.listen(undefined);
  }

  /** The other end says that it is over, when it knows that it is called back. */
  async hearEnd(): Promise<void> {
    const until = performance.now() + this.#restartMs;
    for (let left = this.#restartMs; left > 0 && !this.#isOver; left = until - performance.now()) {
      const packet = await this.#receive(left);
      if (packet?.protocol === LCP) this.#keepUp(packet);
    }
  }

  /** We say it, where it was not said yet. */
  async terminate(): Promise<void> {
    this.#lcp(CODE.terminateRequest, this.nextIdentifier(), Buffer.alloc(0));
    await this.hearEnd();
  }
  get #isOver(): boolean {
    return this.#closed || this.#over.aborted;
  }

  #take(bytes: Buffer): void {
    this.#waiting.push(...this.#reader.read(bytes));
    this.#waiting.length = Math.min(this.#waiting.length, MOST_WAITING);
    if (this.#waiting.length > 0) this.#wake?.();
  }

  async #receive(timeoutMs: number): Promise<Packet | undefined> {
    const packet = this.#waiting.shift();
    if (packet !== undefined || this.#isOver) return packet;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
    return this.#waiting.shift();
  }

  /** What LCP says while another protocol has the word. */
  #keepUp(packet: Packet): void {
    if (packet.code === CODE.configureRequest) this.#answer(packet);
    else if (packet.code === CODE.terminateRequest) this.#end(packet);
    else if (packet.code === CODE.terminateAck) this.#closed = true;
    // Our magic number is none: zeros.
    else if (packet.code === CODE.echoRequest && packet.data.length >= 4)
      this.#lcp(CODE.echoReply, packet.identifier, Buffer.concat([Buffer.alloc(4), packet.data.subarray(4)]));
  }

  #end({ identifier }: Packet): undefined {
    this.#lcp(CODE.terminateAck, identifier, Buffer.alloc(0));
    this.#closed = true;
  }

  #request(method: Method): number {
    const identifier = this.nextIdentifier();
    const options = [{ type: OPTION.authentication, value: METHODS[method] }];
    this.#lcp(CODE.configureRequest, identifier, writeOptions(options));
    return identifier;
  }

  /** True: what the other end asks for is agreed upon. */
  #answer({ identifier, data }: Packet): boolean {
    const options = readOptions(data);
    if (options === undefined) return false;
    const refused = options.filter((option) => !this.#takes(option));
    if (refused.length > 0) {
      this.#lcp(CODE.configureReject, identifier, writeOptions(refused));
      return false;
    }
    const wanted = options.find(({ type }) => type === OPTION.callBack);
    if (wanted !== undefined && wanted.value[0] !== CBCP_OPERATION) {
      const instead = [{ type: OPTION.callBack, value: Buffer.of(CBCP_OPERATION) }];
      this.#lcp(CODE.configureNak, identifier, writeOptions(instead));
      return false;
    }
    this.#wantsCallBack = wanted !== undefined;
    this.#lcp(CODE.configureAck, identifier, data);
    return true;
  }

  #takes({ type }: Option): boolean {
    return (
      type === OPTION.mru ||
      type === OPTION.map ||
      type === OPTION.magic ||
      (type === OPTION.callBack && this.#takesCallBack)
    );
  }

  #lcp(code: number, identifier: number, data: Buffer): void {
    this.send({ protocol: LCP, code, identifier, data });
  }
}

function suggestion(data: Buffer): Method | undefined {
  const value = readOptions(data)?.find(({ type }) => type === OPTION.authentication)?.value;
  return (Object.keys(METHODS) as Method[]).find((method) => value !== undefined && METHODS[method].equals(value));
}
