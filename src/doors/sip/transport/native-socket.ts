/**
 * A UDP socket on the native module: a call from the event loop for each 32 datagrams that have come (at most TURN, then
 * others have theirs), one call into the system for each that is sent.
 *
 * When the system's buffer is full, up to MOST_WAITING bytes wait for it in order, for PATIENCE_MS: then whoever waits for the
 * message has repeated his, and what fills the buffer must not be fed with it again. What is lost so is reported as ENOBUFS or ETIMEDOUT. Errors of opening and sending are named as
 * those of Node's dgram.
 */
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { FIELDS, type NativeUdp, SLOT, TURN, WAITED } from '../../../platform/udp/native-udp.ts';
import { SenderNames } from '../../../platform/udp/sender-names.ts';
import {
  bufferWarning,
  type Counters,
  type DatagramListen,
  type DatagramSocket,
  firstOfMessage,
  MAX_DATAGRAM,
  type OpenDatagramSocket,
  SOCKET_BUFFER,
} from './datagram.ts';
import type { SendFailureCode } from './errors.ts';
import { familyOf, listenPoint } from './point.ts';
import type { ListenPoint, Receiver, SendFailure, Source } from './types.ts';

const { EAGAIN, ENOBUFS, ECANCELED, ETIMEDOUT } = constants.errno;
const MOST_WAITING = 1024 * 1024;
/** Bytes that a message takes besides its text. */
const OVERHEAD = 256;
/** T1 of RFC 3261 section 17.1.1.1. */
const PATIENCE_MS = 500;

/** `now`: milliseconds of a clock that only goes forward. */
export function nativeSockets(native: NativeUdp, now = () => performance.now()): OpenDatagramSocket {
  const batch: Batch = {
    bytes: Buffer.from(native.received),
    header: new Int32Array(native.header),
    names: new SenderNames(native),
  };
  return async (listen, receiver, counters) => new NativeSocket(native, now, batch, listen, receiver, counters);
}

/** Where the module puts what it has received; shared by all sockets. */
interface Batch {
  readonly bytes: Buffer;
  readonly header: Int32Array;
  readonly names: SenderNames;
}

interface Waiting {
  readonly text: string;
  readonly address: string;
  readonly port: number;
  readonly failure: SendFailure | undefined;
  readonly since: number;
}

class NativeSocket implements DatagramSocket {
  readonly point: ListenPoint;
  readonly warning: string | undefined;
  readonly turn = TURN;
  waited = 0;
  readonly #native: NativeUdp;
  readonly #now: () => number;
  readonly #socket: number;
  readonly #batch: Batch;
  readonly #receiver: Receiver;
  readonly #counters: Counters;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #open = true;

  constructor(
    native: NativeUdp,
    now: () => number,
    batch: Batch,
    listen: DatagramListen,
    receiver: Receiver,
    counters: Counters,
  ) {
    const { address, port, advertised } = listen;
    const opened = native.open(
      address,
      port,
      familyOf(address),
      SOCKET_BUFFER,
      (count) => this.#onReceived(count),
      () => this.#onWritable(),
    );
    if (typeof opened === 'number') {
      const code = getSystemErrorName(opened);
      throw Object.assign(new Error(`bind ${code} ${address}:${port}`), { code, errno: opened, syscall: 'bind' });
    }
    this.point = listenPoint('udp', opened.address, opened.port, advertised);
    this.warning = bufferWarning(this.point, opened.receiveBuffer, opened.sendBuffer);
    this.#native = native;
    this.#now = now;
    this.#socket = opened.socket;
    this.#batch = batch;
    this.#receiver = receiver;
    this.#counters = counters;
  }

  #onReceived(count: number): void {
    // Receiving failed; the socket itself lives on.
    if (count < 0) this.#counters.sendErrors++;
    const { bytes, header, names } = this.#batch;
    for (let i = 0; i < count && this.#open; i++) {
      const slot = i * SLOT;
      const end = slot + header[i * FIELDS]!;
      const start = firstOfMessage(bytes, slot, end);
      if (start === end) continue;
      this.#counters.received++;
      const port = header[i * FIELDS + 1]!;
      this.waited = header[i * FIELDS + WAITED]! / 1000;
      const source: Source = { point: this.point, address: names.of(i, header), port, connection: undefined };
      this.#receiver.onMessage(bytes.toString('latin1', start, end), source);
    }
    this.waited = 0;
  }

  send(text: string, address: string, port: number, failure: SendFailure | undefined): void {
    this.#counters.sent++;
    if (text.length > MAX_DATAGRAM || !this.#open) {
      const code: SendFailureCode = this.#open ? 'TOO_LARGE' : 'NO_SOCKET';
      this.#fail(failure, code);
    } else if (this.#waiting.length > 0) {
      this.#wait({ text, address, port, failure, since: this.#now() });
    } else {
      const error = this.#native.send(this.#socket, text, address, port);
      if (error === -EAGAIN) this.#wait({ text, address, port, failure, since: this.#now() });
      else if (error !== 0) this.#fail(failure, getSystemErrorName(error));
    }
  }

  #wait(message: Waiting): void {
    const bytes = this.#waitingBytes + message.text.length + OVERHEAD;
    if (bytes > MOST_WAITING) {
      this.#fail(message.failure, getSystemErrorName(-ENOBUFS));
      return;
    }
    this.#waitingBytes = bytes;
    if (this.#waiting.push(message) === 1) this.#native.watch(this.#socket, true);
  }

  #onWritable(): void {
    let done = 0;
    const now = this.#now();
    for (const { text, address, port, failure, since } of this.#waiting) {
      const late = now - since > PATIENCE_MS;
      const error = late ? -ETIMEDOUT : this.#native.send(this.#socket, text, address, port);
      if (error === -EAGAIN) break;
      if (error !== 0) this.#fail(failure, getSystemErrorName(error));
      this.#waitingBytes -= text.length + OVERHEAD;
      done++;
    }
    this.#waiting.splice(0, done);
    if (this.#waiting.length === 0) this.#native.watch(this.#socket, false);
  }

  #fail(failure: SendFailure | undefined, code: string): void {
    this.#counters.sendErrors++;
    if (failure) process.nextTick(() => failure.sendFailed(code));
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#native.close(this.#socket);
    for (const { failure } of this.#waiting.splice(0)) this.#fail(failure, getSystemErrorName(-ECANCELED));
  }
}
