/**
 * Cuts a byte stream into SIP messages by their Content-Length (RFC 3261 section 18.3) and finds the keep-alives between them
 * (RFC 5626 section 3.5.1: CRLF CRLF is a ping).
 *
 * Bounds: 64 KiB of start line and headers, 1 MiB of body. A stream that breaks them, has no Content-Length or two different ones cannot
 * be read any further: `onBroken` is called once and all later bytes are ignored.
 */
import type { Fault } from '../message/message.ts';

export const MAX_HEAD = 64 * 1024;
export const MAX_BODY = 1024 * 1024;
const FIRST_HOLD = 2048;
const CR = 0x0d;
const LF = 0x0a;
const NONE = Buffer.alloc(0);

const fault = (status: number, reason: string): Fault => Object.freeze({ status, reason });
const LARGE_HEAD = fault(513, 'Headers Too Large');
const LARGE_BODY = fault(413, 'Body Too Large');
const NO_LENGTH = fault(400, 'Missing Content-Length Header');
const BAD_LENGTH = fault(400, 'Bad Content-Length Header');
const TWO_LENGTHS = fault(400, 'Multiple Content-Length Headers');

export interface FrameSink {
  /** One whole message, latin1. */
  onFrame(text: string): void;
  onPing(): void;
  /** `fault`: as a response would say it; `head`: start line and headers, as far as they came. */
  onBroken(fault: Fault, head: string): void;
}

export class Framer {
  readonly #sink: FrameSink;
  /** Bytes of an incomplete message; empty between messages. */
  #held = NONE;
  #length = 0;
  /** Where the search for the end of the headers goes on; no byte is looked at twice, however small the pieces. */
  #searched = 0;
  /** Length of the message in `#held`, known once its headers are complete; 0: not yet. */
  #need = 0;
  /** CRs and LFs seen in a row between messages. */
  #blank = 0;
  #ended = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Part of a message has come and its end has not. */
  get partial(): boolean {
    return this.#length > 0;
  }

  /** Reads no more. */
  end(): void {
    this.#ended = true;
    this.#drop();
  }

  push(chunk: Buffer): void {
    let bytes = this.#length === 0 ? chunk : this.#append(chunk);
    while (!this.#ended && bytes.length > 0) {
      if (this.#searched === 0) bytes = this.#skipBlank(bytes);
      if (this.#ended || bytes.length === 0) return;
      if (this.#need === 0) this.#need = this.#messageLength(bytes);
      if (this.#ended) return;
      const need = this.#need;
      if (need === 0 || bytes.length < need) {
        this.#hold(bytes);
        return;
      }
      this.#drop();
      this.#sink.onFrame(bytes.toString('latin1', 0, need));
      bytes = bytes.subarray(need);
    }
  }

  #skipBlank(bytes: Buffer): Buffer {
    let at = 0;
    for (; at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== CR && byte !== LF) {
        this.#blank = 0;
        break;
      }
      this.#blank = byte === (this.#blank % 2 === 0 ? CR : LF) ? this.#blank + 1 : 0;
      if (this.#blank === 4) {
        this.#blank = 0;
        this.#sink.onPing();
      }
    }
    return at === 0 ? bytes : bytes.subarray(at);
  }

  /** Length of the message at the start of `bytes`; 0: its headers are not complete. */
  #messageLength(bytes: Buffer): number {
    const end = bytes.indexOf('\r\n\r\n', Math.max(0, this.#searched - 3), 'latin1');
    this.#searched = bytes.length;
    const head = end < 0 ? 0 : end + 4;
    if (head > MAX_HEAD || (head === 0 && bytes.length > MAX_HEAD)) {
      this.#break(LARGE_HEAD, bytes.toString('latin1', 0, MAX_HEAD));
      return 0;
    }
    if (head === 0) return 0;
    const text = bytes.toString('latin1', 0, head);
    const body = contentLength(text);
    if (typeof body === 'number') return head + body;
    this.#break(body, text);
    return 0;
  }

  #break(broken: Fault, head: string): void {
    this.end();
    this.#sink.onBroken(broken, head);
  }

  #drop(): void {
    this.#held = NONE;
    this.#length = 0;
    this.#searched = 0;
    this.#need = 0;
  }

  /** Keeps the bytes of an incomplete message. They may lie in `#held` already. */
  #hold(bytes: Buffer): void {
    this.#length = bytes.length;
    if (bytes.buffer === this.#held.buffer && this.#held.length > 0) return;
    this.#held = Buffer.allocUnsafeSlow(Math.max(FIRST_HOLD, bytes.length));
    bytes.copy(this.#held);
  }

  #append(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length;
    if (length > this.#held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#held.length * 2));
      this.#held.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#length);
    return this.#held.subarray(0, length);
  }
}

/** The body length that the headers announce, or why they give none. Exported for its test. */
export function contentLength(head: string): number | Fault {
  let found = -1;
  for (let line = head.indexOf('\r\n') + 2; line > 1 && line < head.length; line = head.indexOf('\r\n', line) + 2) {
    const value = valueStart(head, line);
    if (value < 0) continue;
    const length = readLength(head, value);
    if (length < 0) return BAD_LENGTH;
    if (length > MAX_BODY) return LARGE_BODY;
    if (found >= 0 && found !== length) return TWO_LENGTHS;
    found = length;
  }
  return found < 0 ? NO_LENGTH : found;
}

/** Index behind the colon if the line is a Content-Length, else -1. */
function valueStart(head: string, line: number): number {
  let at: number;
  const first = head.charCodeAt(line) | 0x20;
  const second = head.charCodeAt(line + 1);
  if (first === 0x6c && !isNameCharacter(second)) at = line + 1;
  else if (first === 0x63 && head.slice(line, line + 14).toLowerCase() === 'content-length') at = line + 14;
  else return -1;
  while (head.charCodeAt(at) === 0x20 || head.charCodeAt(at) === 0x09) at++;
  return head.charCodeAt(at) === 0x3a ? at + 1 : -1;
}

function isNameCharacter(code: number): boolean {
  return code !== 0x20 && code !== 0x09 && code !== 0x3a;
}

/** Digits between white space (a fold included) up to the end of the line; -1: something else. */
function readLength(head: string, start: number): number {
  let at = skipSpace(head, start);
  const digits = at;
  let length = 0;
  for (; isDigit(head.charCodeAt(at)); at++) length = Math.min(length * 10 + head.charCodeAt(at) - 0x30, MAX_BODY + 1);
  if (at === digits) return -1;
  at = skipSpace(head, at);
  return head.startsWith('\r\n', at) ? length : -1;
}

function skipSpace(head: string, start: number): number {
  let at = start;
  for (;;) {
    const code = head.charCodeAt(at);
    if (code === 0x20 || code === 0x09) at++;
    else if (code === CR && isFold(head, at)) at += 3;
    else return at;
  }
}

function isFold(head: string, at: number): boolean {
  const after = head.charCodeAt(at + 2);
  return head.charCodeAt(at + 1) === LF && (after === 0x20 || after === 0x09);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
