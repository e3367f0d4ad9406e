/**
 * The chain that makes the audit trail tamper-evident: each line carries a sequence number and an HMAC-SHA-256 over the line
 * and the mac before it; the head, signed with the same key, names the last line.
 *
 * A line is one JSON object. Sealed, it ends in `,"seq":N,"mac":"M"}`; M is 43 characters of base64url. The chain runs on
 * over all segments. It shows changes, gaps, swaps and cuts to whoever has the key. What it cannot show is segments and head
 * set back together to an earlier state: against that, keep a copy of the head elsewhere.
 *
 * After a restart the writer must go on from `ChainReader.state` after reading the lines that follow the head, and from the
 * head itself where lines are missing, so that a gap stays visible for ever.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Where the chain stands after its last line. */
export interface ChainState {
  /** Number of the last line; the first line is 1. */
  readonly sequence: number;
  readonly mac: string;
}

/** Before the first line. */
export const CHAIN_START: ChainState = { sequence: 0, mac: '' };

/** The signed head, next to the segments. */
export const HEAD_FILE = 'audit.head';

/** A head may lag this many lines behind its segments (a crash between the two, a running server). */
export const MAX_HEAD_LAG = 10_000;

export function segmentName(number: number): string {
  return `audit-${String(number).padStart(8, '0')}.log`;
}

/** The number in the name of a segment, or undefined for any other file. */
export function segmentNumber(file: string): number | undefined {
  const match = /^audit-(\d{8,15})\.log$/.exec(file);
  return match ? Number(match[1]) : undefined;
}

export class ChainWriter {
  readonly #key: KeyObject;
  #sequence: number;
  #mac: string;

  constructor(key: Buffer, state: ChainState | undefined) {
    this.#key = createSecretKey(key);
    this.#sequence = state?.sequence ?? CHAIN_START.sequence;
    this.#mac = state?.mac ?? CHAIN_START.mac;
  }

  get state(): ChainState {
    return { sequence: this.#sequence, mac: this.#mac };
  }

  /** The line as it goes into the segment, without newline. `line` is the JSON text of a non-empty object on one line. */
  seal(line: string): string {
    if (!line.startsWith('{"') || !line.endsWith('}') || line.includes('\n')) {
      throw new TypeError('an audit line must be one JSON object on one line');
    }
    const sequence = this.#sequence + 1;
    const text = `${line.slice(0, -1)},"seq":${sequence}`;
    this.#mac = lineMac(this.#key, this.#mac, text);
    this.#sequence = sequence;
    return `${text},"mac":"${this.#mac}"}`;
  }
}

/** What is wrong with a line; `malformed` also for one that was cut off. */
export type LineFault = 'malformed' | 'out-of-sequence' | 'changed';

const TAIL = /,"seq":([1-9]\d{0,15}),"mac":"([\w-]{43})"\}$/;

/** Follows a chain line by line. */
export class ChainReader {
  readonly #key: KeyObject;
  #state: ChainState;

  constructor(key: Buffer, state: ChainState | undefined) {
    this.#key = createSecretKey(key);
    this.#state = state ?? CHAIN_START;
  }

  get state(): ChainState {
    return this.#state;
  }

  /** Checks the next line (without newline). After a fault the state stays; `follow` goes on behind it. */
  next(line: string): LineFault | undefined {
    const tail = TAIL.exec(line);
    if (!tail) return 'malformed';
    const sequence = Number(tail[1]);
    if (sequence !== this.#state.sequence + 1) return 'out-of-sequence';
    const text = line.slice(0, tail.index + `,"seq":${tail[1]}`.length);
    if (!sameText(lineMac(this.#key, this.#state.mac, text), tail[2]!)) return 'changed';
    this.#state = { sequence, mac: tail[2]! };
    return undefined;
  }

  /** Takes a faulty line at its word, so that the lines behind it can be checked. */
  follow(line: string): void {
    const tail = TAIL.exec(line);
    if (tail) this.#state = { sequence: Number(tail[1]), mac: tail[2]! };
  }
}

/** The text of the head file: one line. */
export function signHead(key: Buffer, state: ChainState): string {
  const { sequence, mac } = state;
  return `${JSON.stringify({ sequence, mac, signature: headMac(key, state) })}\n`;
}

/** The state that the head names, or undefined when it is not one we signed. */
export function verifyHead(key: Buffer, text: string): ChainState | undefined {
  const match = /^\{"sequence":(\d{1,16}),"mac":"([\w-]{43}|)","signature":"([\w-]{43})"\}\n?$/.exec(text);
  if (!match) return undefined;
  const state = { sequence: Number(match[1]), mac: match[2]! };
  return sameText(headMac(key, state), match[3]!) ? state : undefined;
}

function lineMac(key: Buffer | KeyObject, previous: string, text: string): string {
  return createHmac('sha256', key).update(`${previous}\n${text}`).digest('base64url');
}

function headMac(key: Buffer, state: ChainState): string {
  return createHmac('sha256', key).update(`head\n${state.sequence}\n${state.mac}`).digest('base64url');
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
