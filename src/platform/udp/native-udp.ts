/**
 * Loads the native UDP module, native/udp/udp.c, where there is one for this machine. The only file that knows where it lies.
 *
 * What the repository holds is for Linux on x64 with glibc; `npm run build:native` makes it elsewhere. A module that was made
 * from another source than the one beside it is not used: its half of the interface may have changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'native', 'udp');
const SOURCE = join(FOLDER, 'udp.c');
/** Of this platform. */
export const NATIVE_UDP = join(FOLDER, `${process.platform}-${process.arch}.node`);
const CURE = 'npm run build:native makes one';

/** The system's errors are numbers below zero, as util.getSystemErrorName knows them. */
export interface NativeUdp {
  /** What stampOf gave when it was built. */
  readonly source: string;
  /** Bytes of the datagrams of the batch at hand, each at the start of its slot of SLOT bytes. */
  readonly received: ArrayBuffer;
  /** Of each datagram FIELDS numbers of 32 bits: length, port, address (four words, IPv4 in the last), scope, and microseconds in the
   * system's buffer (0: the system does not say). */
  readonly header: ArrayBuffer;
  /**
   * `buffer`: bytes asked of the system for each direction. `onReceived` is given the number of datagrams, or an error; what `received` and `header` hold is theirs until it returns.
   * `onWritable`: see `watch`; also after an error.
   */
  open(
    address: string,
    port: number,
    family: 4 | 6,
    buffer: number,
    onReceived: (count: number) => void,
    onWritable: () => void,
  ): NativeSocketName | number;
  /** The port is free when it returns, and nothing is called any more. */
  close(socket: number): void;
  /** Latin1. 0, or an error: EAGAIN when the system's buffer is full. */
  send(socket: number, text: string, address: string, port: number): number;
  /** Whether `onWritable` shall be called when, and as long as, there is room in the system's buffer. */
  watch(socket: number, writable: boolean): void;
  /** Address of a datagram of the batch at hand, as Node prints it. */
  senderOf(index: number): string;
}

/** The buffers are as the system reports them. */
export interface NativeSocketName {
  readonly socket: number;
  readonly address: string;
  readonly port: number;
  readonly receiveBuffer: number;
  readonly sendBuffer: number;
}

/** No UDP payload is longer, so none is cut. */
export const SLOT = 65_536;
export const FIELDS = 8;
/** Of a datagram, where its wait stands. */
export const WAITED = 7;
/** Datagrams that a socket gives in a turn of the loop at most, in batches of 32. */
export const TURN = 512;

/** Throws, with what to do, if it is not there, cannot be loaded, or is another version's. */
export function loadNativeUdp(file: string = NATIVE_UDP): NativeUdp {
  if (!existsSync(file))
    throw new Error(`there is no native module for ${process.platform} on ${process.arch}; ${CURE}`);
  const native = createRequire(import.meta.url)(file) as NativeUdp;
  if (native.source !== stampOf(SOURCE)) throw new Error(`${file} is of another version; ${CURE}`);
  return native;
}

/** What tells one version of the source from another. */
export function stampOf(source: string): string {
  return createHash('sha256').update(readFileSync(source)).digest('hex');
}
