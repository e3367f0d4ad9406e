/**
 * Datagrams one behind the other in one buffer, in place of a socket: what is put in or taken out costs what it costs there, one
 * copy between text and bytes, and makes nothing else that the collector would meet.
 */
import { ConnectionNames } from '../src/doors/sip/transport/connection-names.ts';
import { listenPoint } from '../src/doors/sip/transport/point.ts';
import type { SocketTransport } from '../src/doors/sip/transport/transport.ts';
import type { ListenPoint, Receiver, Target } from '../src/doors/sip/transport/types.ts';

export class Tape {
  readonly #bytes = Buffer.allocUnsafe(16 << 20);
  readonly #ends: number[] = [];

  get count(): number {
    return this.#ends.length;
  }

  put(text: string): void {
    const start = this.#ends.at(-1) ?? 0;
    this.#ends.push(start + this.#bytes.write(text, start, 'latin1'));
  }

  take(index: number): string {
    return this.#bytes.toString('latin1', index === 0 ? 0 : this.#ends[index - 1]!, this.#ends[index] ?? 0);
  }

  clear(): void {
    this.#ends.length = 0;
  }
}

/** One UDP socket that sends onto a tape. */
export class TapeTransport implements SocketTransport {
  readonly points: readonly ListenPoint[];
  readonly warnings: readonly string[] = [];
  readonly names = new ConnectionNames();
  readonly certificateEnd = undefined;
  readonly turn = Number.POSITIVE_INFINITY;
  readonly waited = 0;
  readonly sent = new Tape();
  #receiver: Receiver | undefined;

  constructor(address: string, port: number) {
    this.points = [listenPoint('udp', address, port)];
  }

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver;
  }

  receive(tape: Tape, address: string, port: number): void {
    const point = this.points[0]!;
    for (let index = 0; index < tape.count; index++) {
      this.#receiver!.onMessage(tape.take(index), { point, address, port, connection: undefined });
    }
  }

  send(text: string, _target: Target): void {
    this.sent.put(text);
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
    return { received: 0, sent: this.sent.count, sendErrors: 0, connections: 0, kernelDrops: 0 };
  }
}
