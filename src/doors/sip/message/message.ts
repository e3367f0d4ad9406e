/**
 * A SIP message as it came: one latin1 string (a character is a byte) and an index of its header lines. Nothing else is parsed until
 * it is asked for, and then once.
 *
 * Source: RFC 3261 sections 7 and 25. Folded headers, compact names and any case are understood. Made by `parseMessage`.
 */
import { lookAt } from './bytes.ts';
import { DIGIT, decimal, isWord, SPACE, skip, TOKEN, word } from './chars.ts';
import { Header, type HeaderId, headerId } from './header-names.ts';
import { addNameAddrs, type NameAddr, param, parseNameAddr } from './name-addr.ts';
import { type Fault, methodAt, type StartLine } from './start-line.ts';
import { parseUri, type SipUri } from './uri.ts';
import { parseVia, type Via } from './via.ts';

export type { NameAddr } from './name-addr.ts';
export type { Fault } from './start-line.ts';
export type { Via } from './via.ts';

export interface CSeq {
  /** 0 to 2^31 - 1. */
  readonly number: number;
  readonly method: string;
}

/** Where the headers stand in `text`. */
export interface HeaderIndex {
  /** The message in canonical form: no line folded, each header line ended by CRLF. */
  readonly text: string;
  /** STRIDE numbers for each header line: id, start, and the value's start and end, without the white space around it. */
  readonly lines: readonly number[];
  /** The ids among them as bits. */
  readonly kinds: number;
  readonly bodyStart: number;
  /** There is a CR that no LF follows. */
  readonly bareCr: boolean;
  readonly fault: Fault | undefined;
}

/** Numbers for each header line in HeaderIndex.lines. */
export const STRIDE = 4;

const TAG = word('tag');

/** Marks what was not asked for yet; undefined means absent or broken. */
const UNREAD = null;

export class SipMessage {
  /** As it came in. */
  readonly raw: string;
  /** As the index sees it; differs from `raw` only where lines were folded or ended by a bare LF. */
  readonly text: string;
  readonly isRequest: boolean;
  /** Requests: method as written and Request-URI; responses: ''. */
  readonly method: string;
  readonly uri: string;
  /** Responses: status and phrase; requests: 0 and ''. */
  readonly status: number;
  readonly reason: string;
  /** What was wrong with the start line or the form of the header lines. */
  readonly formFault: Fault | undefined;
  /** Header lines, in order. */
  readonly headerCount: number;
  /** Position of the first header line and of the body in `text`. */
  readonly headerStart: number;
  readonly bodyStart: number;
  readonly hasBareCr: boolean;
  readonly #uriStart: number;
  readonly #lines: readonly number[];
  readonly #kinds: number;

  #via: Via | undefined | null = UNREAD;
  #from: NameAddr | undefined | null = UNREAD;
  #to: NameAddr | undefined | null = UNREAD;
  #cseq: CSeq | undefined | null = UNREAD;
  #callId: string | null = UNREAD;
  #fromTag: string | null = UNREAD;
  #toTag: string | null = UNREAD;
  #contacts: readonly NameAddr[] | undefined | null = UNREAD;
  #requestUri: SipUri | undefined | null = UNREAD;
  #fromUri: SipUri | undefined | null = UNREAD;
  #toUri: SipUri | undefined | null = UNREAD;
  #contentLength: number | null = UNREAD;

  constructor(raw: string, start: StartLine, headers: HeaderIndex) {
    this.raw = raw;
    this.text = headers.text;
    this.isRequest = start.isRequest;
    this.method = start.method;
    this.uri = start.uri;
    this.status = start.status;
    this.reason = start.reason;
    this.formFault = start.fault ?? headers.fault;
    this.headerCount = headers.lines.length / STRIDE;
    this.headerStart = headers.lines[1] ?? headers.bodyStart;
    this.bodyStart = headers.bodyStart;
    this.hasBareCr = headers.bareCr;
    this.#uriStart = start.uriStart;
    this.#lines = headers.lines;
    this.#kinds = headers.kinds;
  }

  idAt(index: number): HeaderId {
    return this.#lines[index * STRIDE]!;
  }

  /** Name as written. */
  nameAt(index: number): string {
    return this.text.slice(this.lineStart(index), this.#nameEnd(index));
  }

  /** Value without surrounding white space; folds become one space. */
  valueAt(index: number): string {
    return this.text.slice(this.valueStart(index), this.valueEnd(index));
  }

  /** The line with its CRLF, any fold in it become one space. */
  lineAt(index: number): string {
    return this.text.slice(this.lineStart(index), this.lineEnd(index));
  }

  /** Positions in `text`: the line with its CRLF, and the value without surrounding white space. */
  lineStart(index: number): number {
    return this.#lines[index * STRIDE + 1]!;
  }

  lineEnd(index: number): number {
    return this.text.indexOf('\n', this.valueEnd(index)) + 1;
  }

  valueStart(index: number): number {
    return this.#lines[index * STRIDE + 2]!;
  }

  valueEnd(index: number): number {
    return this.#lines[index * STRIDE + 3]!;
  }

  /** The value as a number from 0 to `max`; -1: it is none. */
  numberAt(index: number, max: number): number {
    lookAt(this.text);
    return decimal(this.valueStart(index), this.valueEnd(index), max);
  }

  #nameEnd(index: number): number {
    lookAt(this.text);
    return skip(this.lineStart(index), this.valueStart(index), TOKEN);
  }

  /** Index of the first header of this kind from `from` on, or -1. */
  indexOf(id: HeaderId, from = 0): number {
    if ((this.#kinds & (1 << id)) === 0) return -1;
    const lines = this.#lines;
    for (let at = from * STRIDE; at < lines.length; at += STRIDE) if (lines[at] === id) return at / STRIDE;
    return -1;
  }

  /** Value of the first header of this kind. */
  value(id: HeaderId): string | undefined {
    const index = this.indexOf(id);
    return index < 0 ? undefined : this.valueAt(index);
  }

  /** The first header with this name (any case, long or compact), for names that have no id. */
  valueNamed(name: string): string | undefined {
    const id = headerId(name);
    if (id !== Header.other) return this.value(id);
    const index = this.indexOfName(word(name.toLowerCase()));
    return index < 0 ? undefined : this.valueAt(index);
  }

  /** As `indexOf`, for a name that has no id; in lower case. */
  indexOfName(name: Uint8Array, from = 0): number {
    let index = this.indexOf(Header.other, from);
    while (index >= 0 && !isWord(this.lineStart(index), this.#nameEnd(index), name))
      index = this.indexOf(Header.other, index + 1);
    return index;
  }

  /** Topmost Via; undefined when absent or broken. */
  get via(): Via | undefined {
    if (this.#via === UNREAD) {
      const index = this.indexOf(Header.via);
      this.#via = index < 0 ? undefined : parseVia(this.text, this.valueStart(index), this.valueEnd(index), true);
    }
    return this.#via;
  }

  /** Via values, not lines; what stands behind a broken value in its line counts as part of it. */
  get viaCount(): number {
    let count = 0;
    for (let index = this.indexOf(Header.via); index >= 0; index = this.indexOf(Header.via, index + 1)) {
      const end = this.valueEnd(index);
      for (let at = this.valueStart(index) - 1; at < end; count++) at = parseVia(this.text, at + 1, end)?.end ?? end;
    }
    return count;
  }

  get from(): NameAddr | undefined {
    if (this.#from === UNREAD) this.#from = this.#oneNameAddr(Header.from);
    return this.#from;
  }

  get to(): NameAddr | undefined {
    if (this.#to === UNREAD) this.#to = this.#oneNameAddr(Header.to);
    return this.#to;
  }

  /** The URIs of the start line, From and To taken apart; undefined when they are broken. */
  get requestUri(): SipUri | undefined {
    if (this.#requestUri === UNREAD) {
      this.#requestUri = parseUri(this.text, this.#uriStart, this.#uriStart + this.uri.length);
    }
    return this.#requestUri;
  }

  get fromUri(): SipUri | undefined {
    if (this.#fromUri === UNREAD) this.#fromUri = this.#uriOf(this.from);
    return this.#fromUri;
  }

  get toUri(): SipUri | undefined {
    // In a REGISTER the two are usually the same.
    if (this.#toUri === UNREAD) this.#toUri = this.to?.uri === this.from?.uri ? this.fromUri : this.#uriOf(this.to);
    return this.#toUri;
  }

  /** The tag parameter, '' = none. */
  get fromTag(): string {
    this.#fromTag ??= this.#tagOf(this.from);
    return this.#fromTag;
  }

  get toTag(): string {
    this.#toTag ??= this.#tagOf(this.to);
    return this.#toTag;
  }

  /** '' = absent. */
  get callId(): string {
    this.#callId ??= this.value(Header.callId) ?? '';
    return this.#callId;
  }

  get cseq(): CSeq | undefined {
    if (this.#cseq === UNREAD) {
      const index = this.indexOf(Header.cseq);
      this.#cseq = index < 0 ? undefined : parseCSeq(this.text, this.valueStart(index), this.valueEnd(index));
    }
    return this.#cseq;
  }

  /** All Contact values of all lines, in order; undefined when one of them is broken. `*` is a value with the uri `*`. */
  get contacts(): readonly NameAddr[] | undefined {
    if (this.#contacts === UNREAD) this.#contacts = this.#allNameAddrs(Header.contact);
    return this.#contacts;
  }

  /** As many bytes as Content-Length says, or all that came. */
  get body(): string {
    const length = this.contentLength;
    return this.text.slice(this.bodyStart, length < 0 ? undefined : this.bodyStart + length);
  }

  /** -1: no such header; -2: not a number. */
  get contentLength(): number {
    if (this.#contentLength === UNREAD) {
      const index = this.indexOf(Header.contentLength);
      const number = index < 0 ? -1 : this.numberAt(index, 0xffffffff);
      this.#contentLength = index >= 0 && number < 0 ? -2 : number;
    }
    return this.#contentLength;
  }

  #uriOf(address: NameAddr | undefined): SipUri | undefined {
    return address && parseUri(this.text, address.uriStart, address.uriStart + address.uri.length);
  }

  #tagOf(address: NameAddr | undefined): string {
    return address === undefined ? '' : (param(this.text, address, TAG) ?? '');
  }

  #oneNameAddr(id: HeaderId): NameAddr | undefined {
    const index = this.indexOf(id);
    if (index < 0) return undefined;
    const end = this.valueEnd(index);
    const one = parseNameAddr(this.text, this.valueStart(index), end);
    return one?.end === end ? one : undefined;
  }

  #allNameAddrs(id: HeaderId): readonly NameAddr[] | undefined {
    const all: NameAddr[] = [];
    for (let index = this.indexOf(id); index >= 0; index = this.indexOf(id, index + 1)) {
      if (!addNameAddrs(all, this.text, this.valueStart(index), this.valueEnd(index))) return undefined;
    }
    return all;
  }
}

function parseCSeq(text: string, start: number, end: number): CSeq | undefined {
  lookAt(text);
  const digits = skip(start, end, DIGIT);
  const number = decimal(start, digits, 0x7fffffff);
  const method = skip(digits, end, SPACE);
  if (number < 0 || method === digits || method === end || skip(method, end, TOKEN) < end) return undefined;
  return { number, method: methodAt(text, method, end) };
}

/**
 * A flat copy of a piece of a message, for values that are stored long: a slice would keep the whole message alive.
 */
export function detach(text: string): string {
  if (text.length < SHORTEST_SLICE) return text;
  if (text.length > scratch.length) scratch = Buffer.allocUnsafe(text.length);
  const copy = scratch.toString('latin1', 0, scratch.write(text, 'latin1'));
  return copy === text ? copy : ` ${text}`.slice(1);
}

/** V8 copies shorter slices by itself. */
const SHORTEST_SLICE = 13;
let scratch = Buffer.allocUnsafe(4096);
