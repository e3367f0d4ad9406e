/**
 * The exchange's side of ptys.py: one PTY for each virtual modem, and what the program on it does with it.
 *
 * Errors: EXCHANGE_PTYS where python3 is missing or the directory cannot be used.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { GatehouseError } from '../../../platform/errors.ts';

/** What a program shows of the line it has open. */
export interface PtyState {
  readonly open: boolean;
  readonly dtr: boolean;
}

export interface PtyEvents {
  data(line: number, bytes: Buffer): void;
  state(line: number, state: PtyState): void;
  /** The program does not read fast enough (true), or has read (false). */
  full(line: number, full: boolean): void;
}

export interface Ptys {
  send(line: number, bytes: Uint8Array): void;
  /** The carrier is lost: the terminal is hung up where its program cleared CLOCAL, else the program reads `text`. */
  loseCarrier(line: number, text: Uint8Array): void;
  /** Stops, or goes on, taking what the program writes. */
  pause(line: number, paused: boolean): void;
  close(): Promise<void>;
  /** Settled when the helper program has ended by itself. */
  readonly lost: Promise<GatehouseError>;
}

const HEAD = 7;
const OPEN = 1;
const DTR = 2;

export async function openPtys(directory: string, names: readonly string[], events: PtyEvents): Promise<Ptys> {
  const child = spawn('python3', [join(import.meta.dirname, 'ptys.py'), directory, ...names], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2000);
  });
  child.stdin.on('error', () => {}); // it has ended: `close` says so
  const ended = new Promise<GatehouseError>((resolve) => {
    child.once('error', (cause) => resolve(cannot('python3 cannot be started', cause)));
    child.once('close', () => resolve(cannot(complaint.trim().split('\n').at(-1) || 'python3 has ended')));
  });
  let ready = () => {};
  const started = new Promise<void>((resolve) => {
    ready = resolve;
  });

  let held: Buffer = Buffer.alloc(0);
  child.stdout.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (held.length - at >= HEAD) {
      const end = at + HEAD + held.readUInt32BE(at + 3);
      if (held.length < end) break;
      take(held[at]!, held.readUInt16BE(at + 1), held.subarray(at + HEAD, end));
      at = end;
    }
    held = held.subarray(at);
  });

  const failure = await Promise.race([started, ended]);
  if (failure) throw failure;
  return {
    lost: ended,
    send: (line, bytes) => tell('d', line, bytes),
    loseCarrier: (line, text) => tell('l', line, text),
    pause: (line, paused) => tell(paused ? '-' : '+', line),
    async close() {
      child.stdin.end();
      await ended;
    },
  };

  function take(kind: number, line: number, payload: Buffer): void {
    const letter = String.fromCharCode(kind);
    if (letter === 'd') events.data(line, payload);
    else if (letter === 's') events.state(line, { open: (payload[0]! & OPEN) !== 0, dtr: (payload[0]! & DTR) !== 0 });
    else if (letter === 'r') ready();
    else events.full(line, letter === 'f');
  }

  function tell(kind: string, line: number, payload: Uint8Array = new Uint8Array(0)): void {
    const frame = Buffer.allocUnsafe(HEAD + payload.length);
    frame[0] = kind.charCodeAt(0);
    frame.writeUInt16BE(line, 1);
    frame.writeUInt32BE(payload.length, 3);
    frame.set(payload, HEAD);
    child.stdin.write(frame);
  }
}

function cannot(what: string, cause?: unknown): GatehouseError {
  return new GatehouseError('EXCHANGE_PTYS', `the lines of the exchange cannot be made: ${what}`, {
    hint: 'the exchange makes its pseudo terminals with python3: apt-get install python3; and the directory must be writable',
    cause,
  });
}
