/**
 * A SIP door in a time of its own: the clock goes on by the CPU time that its thread uses for it, and by what the kernel is said to take for each
 * datagram. Telephones and other programs cost nothing in it, so the door's own limit is seen on a busy machine, too.
 *
 * Milliseconds. The kernel's part is what `npm run bench -- socket` measures beyond what is counted here anyhow.
 */
import { ConnectionNames } from '../src/doors/sip/transport/connection-names.ts';
import type { DatagramSocket } from '../src/doors/sip/transport/datagram.ts';
import { listenPoint } from '../src/doors/sip/transport/point.ts';
import type { SocketTransport } from '../src/doors/sip/transport/transport.ts';
import type { ListenPoint, Receiver, Target } from '../src/doors/sip/transport/types.ts';
import { TURN } from '../src/platform/udp/native-udp.ts';
import type { SettableClock } from '../test/sip-lab.ts';

const RECEIVING = 0.0024;
const SENDING = 0.004;
/** Datagrams that the kernel holds for a socket. */
const BUFFER = 5000;
/** Times that the clock is asked until it looks at the CPU time anew, which costs more than most of what is timed. */
const FRESH = 16;
const ADDRESS = '127.0.0.1';
const PORT = 5060;
const FIRST_PORT = 20_000;

export class DoorTime implements SettableClock {
  /** How long the door had nothing to do. */
  rested = 0;
  #passed = 0;
  #isWorking = false;
  #since = 0;
  #used = 0;
  #asked = 0;

  now(): number {
    return 1_795_000_000_000 + this.monotonic();
  }

  monotonic(): number {
    if (!this.#isWorking) return this.#passed;
    if (++this.#asked % FRESH === 0) this.#used = cpu() - this.#since;
    return this.#passed + this.#used;
  }

  forward(ms: number): void {
    this.#passed += ms;
  }

  rest(ms: number): void {
    this.#passed += ms;
    this.rested += ms;
  }

  /** The door works from now to `end`. */
  begin(): void {
    this.#isWorking = true;
    this.#since = cpu();
    this.#used = 0;
  }

  end(): void {
    this.#passed += cpu() - this.#since;
    this.#isWorking = false;
  }
}

function cpu(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

interface Datagram {
  readonly text: string;
  readonly port: number;
  /** When it was sent. */
  readonly at: number;
}

/** One socket of the door and as many of telephones as are wanted, all at one address. */
export class DoorNet implements SocketTransport {
  readonly points: readonly ListenPoint[] = [listenPoint('udp', ADDRESS, PORT)];
  readonly warnings: readonly string[] = [];
  readonly names = new ConnectionNames();
  readonly certificateEnd = undefined;
  readonly turn = TURN;
  waited = 0;
  /** Of what was sent to the door, by a full buffer. */
  lost = 0;
  readonly #time: DoorTime;
  readonly #phones = new Map<number, Receiver['onMessage']>();
  readonly #scratch = Buffer.allocUnsafe(65_536);
  #toDoor: Datagram[] = [];
  #toPhones: Datagram[] = [];
  #receiver: Receiver | undefined;

  constructor(time: DoorTime) {
    this.#time = time;
  }

  get target(): string {
    return this.points[0]!.hostPort;
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver;
  }

  send(text: string, { port }: Target): void {
    this.#time.forward(SENDING);
    this.#toPhones.push({ text: this.#flat(text), port, at: 0 });
  }

  /** A telephone's socket. */
  readonly open = async (onMessage: Receiver['onMessage']): Promise<DatagramSocket> => {
    const point = listenPoint('udp', ADDRESS, FIRST_PORT + this.#phones.size);
    this.#phones.set(point.port, onMessage);
    const send = (text: string, _address: string, port: number) => {
      if (port !== PORT)
        this.#phones.get(port)?.(text, { point, address: ADDRESS, port: point.port, connection: undefined });
      else if (this.#toDoor.length >= BUFFER) this.lost++;
      else this.#toDoor.push({ text: this.#flat(text), port: point.port, at: this.#time.monotonic() });
    };
    return { point, warning: undefined, turn: TURN, waited: 0, send, close: async () => {} };
  };

  /** Gives the telephones what the door has sent. */
  deliver(): void {
    const point = this.points[0]!;
    for (const { text, port } of this.#toPhones.splice(0))
      this.#phones.get(port)?.(text, { point, address: ADDRESS, port: PORT, connection: undefined });
  }

  /** One turn of the door's loop; false: there was nothing to read. */
  read(): boolean {
    const point = this.points[0]!;
    const batch = this.#toDoor.splice(0, TURN);
    for (const { text, port, at } of batch) {
      this.#time.forward(RECEIVING);
      this.waited = this.#time.monotonic() - at;
      this.#receiver!.onMessage(text, { point, address: ADDRESS, port, connection: undefined });
    }
    this.waited = 0;
    return batch.length > 0;
  }

  connectionTo(): undefined {}

  alias(): boolean {
    return false;
  }

  prepare() {
    return () => {};
  }

  pointFor(): ListenPoint | undefined {
    return this.points[0];
  }

  async stop(): Promise<void> {}

  stats() {
    return { received: 0, sent: 0, sendErrors: 0, connections: 0, kernelDrops: 0 };
  }

  /** As a socket would give it: no tree of its parts. */
  #flat(text: string): string {
    return this.#scratch.toString('latin1', 0, this.#scratch.write(text, 'latin1'));
  }
}
