/** A transport without sockets: what the server sends is handed to the test, which says what comes in and from where. */
import { ConnectionNames } from '../../src/doors/sip/transport/connection-names.ts';
import { choosePoint } from '../../src/doors/sip/transport/point.ts';
import type { SocketTransport } from '../../src/doors/sip/transport/transport.ts';
import type { ListenPoint, Protocol, Receiver, SendFailure, Target } from '../../src/doors/sip/transport/types.ts';

export class Wire implements SocketTransport {
  readonly warnings: readonly string[] = [];
  readonly points: readonly ListenPoint[] = [point('udp'), point('tcp')];
  readonly names = new ConnectionNames();
  readonly certificateEnd = undefined;
  readonly turn = Number.POSITIVE_INFINITY;
  readonly waited = 0;
  onSent: (text: string, target: Target) => void = () => {};
  #receiver: Receiver | undefined;
  #sent = 0;
  #received = 0;

  async start(receiver: Receiver): Promise<void> {
    this.#receiver = receiver;
  }

  /** A datagram from there. What the server throws is thrown here. */
  deliver(text: string, address: string, port: number): void {
    this.#received++;
    this.#receiver?.onMessage(text, { point: this.points[0]!, address, port, connection: undefined });
  }

  send(text: string, target: Target, failure?: SendFailure): void {
    this.#sent++;
    this.onSent(text, target);
    const isSendable = target.port > 0 && target.port < 65_536 && this.pointFor(target.protocol, target.address);
    if (!isSendable && failure) process.nextTick(() => failure.sendFailed('BAD_TARGET'));
  }

  pointFor(protocol: Protocol, address: string, preferred?: ListenPoint): ListenPoint | undefined {
    return choosePoint(this.points, protocol, address, preferred);
  }

  connectionTo(): undefined {}

  alias(): boolean {
    return false;
  }

  prepare() {
    return () => {};
  }

  async stop(): Promise<void> {}

  stats() {
    return { received: this.#received, sent: this.#sent, sendErrors: 0, connections: 0, kernelDrops: 0 };
  }
}

function point(protocol: Protocol): ListenPoint {
  const [address, port] = ['192.0.2.13', 5060];
  return { protocol, address, port, family: 4, name: `${protocol}:${address}:${port}`, hostPort: `${address}:${port}` };
}
