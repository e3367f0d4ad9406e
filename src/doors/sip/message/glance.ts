/**
 * A look at a request that costs a tenth of what it is to read it: for one that is to be put off or turned away. It tells what kind
 * of request that is, and where the lines stand that an answer repeats.
 *
 * Only plain requests are understood: UDP, one line for each header, tokens as nearly all devices write them. Whatever is unusual, in a dialog
 * or wrong in what is looked at is not, and is read in full instead. One object serves all; what it says belongs to the text looked at last.
 * Source: RFC 3261 sections 7.3.1 and 17.2.3.
 */
import { bytes, controlAt, lookAt } from './bytes.ts';
import { BARE, DIGIT, decimal, isWord, SPACE, skip, TOKEN, trimEnd, word } from './chars.ts';
import { Header, headerIdAt } from './header-names.ts';
import { methodAt } from './start-line.ts';
import { hostEnd, hostText } from './uri.ts';

/** More Via lines than that are not plain. */
const MOST_LINES = 16;
const MOST_HEADERS = 64;
const CR = 13;
const LF = 10;

const VERSION = ' SIP/2.0';
const UDP = 'SIP/2.0/UDP ';
const COOKIE = 'z9hG4bK';
const BRANCH = word('branch');
const RPORT = word('rport');
const RECEIVED = word('received');

/** The first letters, in lower case, of the headers that matter. */
const LETTERS = new Uint8Array(256);
for (const letter of 'vfticap') {
  LETTERS[letter.charCodeAt(0)] = 1;
  LETTERS[letter.toUpperCase().charCodeAt(0)] = 1;
}

const ONCE = [Header.via, Header.from, Header.to, Header.callId, Header.cseq];
const ALL = ONCE.reduce((bits, id) => bits | (1 << id), 0);
const CREDENTIALS = (1 << Header.authorization) | (1 << Header.proxyAuthorization);

export class Glance {
  method = '';
  hasCredentials = false;
  callId = '';
  /** The topmost Via. */
  branch = '';
  /** Where its rport stands, from the `;` to its end, -1 = none. */
  rportStart = -1;
  rportEnd = -1;
  /** 0: none given. */
  port = 0;
  /** The To tag of an ACK as far as it is a parameter of its own; '' for anything else. */
  tag = '';
  /** Where the topmost Via line and the To value end, without what stands behind. */
  viaEnd = 0;
  toEnd = 0;
  /** Where the lines begin and end that an answer repeats, in order. */
  readonly lines: number[] = new Array(2 * MOST_LINES).fill(0);
  count = 0;
  text = '';
  #host = 0;
  #hostEnd = 0;

  /** False: the message has to be read in full. */
  at(text: string): boolean {
    const end = lookAt(text);
    this.text = text;
    const lineEnd = controlAt(0);
    if (bytes[lineEnd] !== CR || bytes[lineEnd + 1] !== LF) return false;
    if (!text.startsWith(VERSION, lineEnd - VERSION.length)) return false;
    const methodEnd = skip(0, lineEnd, TOKEN);
    if (methodEnd === 0 || bytes[methodEnd] !== 32) return false;
    this.method = methodAt(text, 0, methodEnd);
    return this.#headers(lineEnd + 2, end);
  }

  #headers(start: number, end: number): boolean {
    const { text, lines } = this;
    let kinds = 0;
    let count = 0;
    let at = start;
    for (let number = 0; bytes[at] !== CR; number++) {
      const stop = controlAt(at);
      if (bytes[stop] !== CR || bytes[stop + 1] !== LF || number === MOST_HEADERS) return false;
      if (LETTERS[bytes[at]!] === 0) {
        if (bytes[at] === 32) return false;
        at = stop + 2;
        continue;
      }
      const nameEnd = skip(at, stop, TOKEN);
      if (bytes[nameEnd] !== 58) return false;
      const id = headerIdAt(at, nameEnd);
      const bit = 1 << id;
      if ((bit & ALL) !== 0) {
        const value = skip(nameEnd + 1, stop, SPACE);
        if ((kinds & bit) === 0) {
          const valueEnd = trimEnd(value, stop);
          if (value === valueEnd) return false;
          if (id === Header.via && !this.#via(value, valueEnd)) return false;
          if (id === Header.to && !this.#to(value, valueEnd)) return false;
          if (id === Header.callId) this.callId = text.slice(value, valueEnd);
        } else if (id !== Header.via) return false;
        if (count === MOST_LINES) return false;
        lines[2 * count] = at;
        lines[2 * count + 1] = stop + 2;
        count++;
      }
      kinds |= bit;
      at = stop + 2;
    }
    this.count = count;
    this.hasCredentials = (kinds & CREDENTIALS) !== 0;
    return bytes[at + 1] === LF && at < end && (kinds & ALL) === ALL;
  }

  /** The host of the topmost Via as it is written, in lower case. */
  get host(): string {
    return hostText(this.text, this.#host, this.#hostEnd);
  }

  #via(start: number, end: number): boolean {
    const { text } = this;
    if (!text.startsWith(UDP, start)) return false;
    this.#host = start + UDP.length;
    let at = hostEnd(this.#host, end);
    if (at < 0) return false;
    this.#hostEnd = at;
    this.port = 0;
    if (bytes[at] === 58) {
      const digits = at + 1;
      at = skip(digits, end, DIGIT);
      this.port = decimal(digits, at, 65_535);
      if (this.port <= 0) return false;
    }
    this.rportStart = -1;
    this.branch = '';
    while (at < end) {
      if (bytes[at] !== 59) return false;
      const semicolon = at;
      const name = at + 1;
      const nameEnd = skip(name, end, TOKEN);
      if (nameEnd === name || isWord(name, nameEnd, RECEIVED)) return false;
      const isRport = isWord(name, nameEnd, RPORT);
      at = nameEnd;
      if (bytes[nameEnd] === 61) {
        at = skip(nameEnd + 1, end, BARE);
        if (isRport || at === nameEnd + 1) return false;
        if (isWord(name, nameEnd, BRANCH)) this.branch = text.slice(nameEnd + 1, at);
      }
      if (isRport) {
        if (this.rportStart >= 0) return false;
        this.rportStart = semicolon;
        this.rportEnd = at;
      }
    }
    this.viaEnd = end;
    return this.branch.startsWith(COOKIE);
  }

  /** No parameter may follow the URI, but for the tag of an ACK. */
  #to(start: number, end: number): boolean {
    this.toEnd = end;
    this.tag = '';
    let at = start;
    while (at < end && bytes[at] !== 62) at++;
    if (at === end) at = start;
    while (at < end && bytes[at] !== 59) at++;
    if (at === end) return this.method !== 'ACK';
    if (this.method !== 'ACK' || !this.text.startsWith(';tag=', at)) return false;
    const tag = at + 5;
    if (skip(tag, end, TOKEN) < end) return false;
    this.tag = this.text.slice(tag, end);
    return true;
  }
}
