/**
 * One telephone that is rung and asked for a key: the INVITE, what becomes of it, and the dialog behind it, until the BYE.
 *
 * The answer is given as soon as it is known; what has to be tidied up goes on behind it, until `over`. Redirections are not followed: the number
 * was chosen here. Source: RFC 3261 sections 9, 12, 13 and 15; RFC 6086 for INFO.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyAnswer } from '../../../core/callback/types.ts';
import { RequestRefused, remoteTarget, routeSet } from '../management/own-request.ts';
import type { Answer, Requester } from '../management/requester.ts';
import { Header } from '../message/header-names.ts';
import type { SipMessage } from '../message/message.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import { transportParameter } from '../transport/point.ts';
import type { ListenPoint, Target } from '../transport/types.ts';
import { digestAnswer, type TrunkLogin } from './digest-answer.ts';
import { keyOfInfo } from './dtmf-info.ts';
import type { Law } from './g711.ts';
import { type Media, openMedia, type PortRange } from './media.ts';
import type { Prompt } from './prompt.ts';
import { offer, readAnswer } from './sdp.ts';

export interface KeyCallParts {
  readonly requester: Requester;
  readonly prompts: Readonly<Record<Law, Prompt>>;
  readonly ports: PortRange;
  /** User part of whom the call comes from. */
  readonly caller: string;
  /** For how long this one rings. */
  readonly ringMs: number;
  readonly keyMs: number;
  /** Whether a request to there would come back to us. */
  isOurs(target: Target): boolean;
}

/** Whom to ring. */
export interface Callee {
  readonly uri: string;
  /** Where it is sent to in place of the URI. */
  readonly nextHop: string | undefined;
  /** Route set, the way of which goes before that of the URI. */
  readonly route?: string | undefined;
  readonly login?: TrunkLogin | undefined;
}

/** What is said to a request of the other side; undefined: nothing. */
export type Reply = readonly [status: number, reason: string] | undefined;

const OK: Reply = [200, 'OK'];
const NO_DIALOG: Reply = [481, 'Call/Transaction Does Not Exist'];
const NO_CHANGE: Reply = [488, 'Not Acceptable Here'];
const NOT_SPOKEN: Reply = [405, 'Method Not Allowed'];
const LOOP: Reply = [482, 'Loop Detected'];

/** Before an INVITE that is still looking for its way is cancelled again. */
const CANCEL_MS = 50;

const ADMITS = '1';
const REFUSES = '9';

/** The call was set up: what the requests in it need. */
interface Dialog {
  readonly remoteTag: string;
  readonly uri: string;
  readonly routes: string;
  readonly to: string;
}

export class KeyCall {
  readonly callId = randomBytes(16).toString('hex');
  readonly #parts: KeyCallParts;
  readonly #callee: Callee;
  readonly #tag = randomBytes(12).toString('hex');
  readonly #answer = Promise.withResolvers<KeyAnswer>();
  readonly #isAnswered: () => boolean;
  #dialog: Dialog | undefined;
  #cseq = 0;
  #isSettled = false;
  #hungUp = false;

  /** `isAnswered`: told when somebody answers; false: another telephone was quicker. */
  constructor(callee: Callee, parts: KeyCallParts, isAnswered: () => boolean) {
    this.#callee = callee;
    this.#parts = parts;
    this.#isAnswered = isAnswered;
  }

  get answer(): Promise<KeyAnswer> {
    return this.#answer.promise;
  }

  /** Resolves when nothing of the call is left; never rejects. `signal`: it is not wanted any more. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#settle('stopped');
    signal.addEventListener('abort', stop);
    try {
      if (signal.aborted) return stop();
      await this.#run();
    } catch (error) {
      if (!(error instanceof RequestRefused)) this.#answer.reject(error);
    } finally {
      this.#settle('failed');
      signal.removeEventListener('abort', stop);
    }
  }

  /** A request that has our Call-ID. */
  onRequest(request: SipMessage): Reply {
    const { method } = request;
    if (method === 'ACK') return undefined;
    if (request.fromTag === this.#tag) {
      // Our own INVITE has come back to us: whoever answered it would be asked by himself.
      if (method === 'INVITE') this.#settle('loop');
      return method === 'INVITE' ? LOOP : NO_DIALOG;
    }
    if (request.toTag !== this.#tag || request.fromTag !== this.#dialog?.remoteTag) return NO_DIALOG;
    switch (method) {
      case 'BYE':
        this.#hungUp = true;
        this.#settle('hung-up');
        return OK;
      case 'INFO':
        this.#onKey(keyOfInfo(request.value(Header.contentType) ?? '', request.body));
        return OK;
      case 'OPTIONS':
        return OK;
      case 'INVITE':
      case 'UPDATE':
        return NO_CHANGE;
      default:
        return NOT_SPOKEN;
    }
  }

  async #run(): Promise<void> {
    const { requester, ports, isOurs } = this.#parts;
    const { nextHop, route, uri } = this.#callee;
    const target = await requester.hop(nextHop ?? firstOf(route) ?? uri, this.callId);
    const { point } = target;
    if (point === undefined || isOurs(target)) return this.#settle(point ? 'loop' : 'failed');
    const media = await openMedia(point.address, ports);
    const close = () => media.close();
    this.#answer.promise.then(close, close);
    if (this.#isSettled) return;
    const sdp = offer(toldAddress(point), media.port, randomInt(1, 2 ** 47));
    let invited = await this.#invite(point, sdp, '');
    const { response, status } = invited;
    if ((status === 401 || status === 407) && response && this.#callee.login && !this.#isSettled) {
      const line = digestAnswer(response, 'INVITE', this.#callee.uri, this.#callee.login);
      if (line !== undefined) invited = await this.#invite(point, sdp, line);
    }
    if (invited.response && invited.status < 300) await this.#talk(invited.response, media, target, point);
    else this.#settle(MEANINGS[invited.status] ?? 'failed');
  }

  /** Rings for as long as it may, and not after it is known what comes of the call. */
  async #invite(point: ListenPoint, body: string, more: string): Promise<Answer> {
    const { requester, ringMs, caller } = this.#parts;
    const { uri, nextHop, route } = this.#callee;
    const cseq = ++this.#cseq;
    const late = setTimeout(() => this.#settle('no-answer'), ringMs);
    let isOver = false;
    const cancel = () => {
      clearTimeout(late);
      // It may not have left yet.
      if (!isOver && !requester.cancel(this.callId, cseq)) setTimeout(cancel, CANCEL_MS);
    };
    this.#answer.promise.then(cancel, cancel);
    try {
      const headers =
        (route === undefined ? '' : `Route: ${route}\r\n`) +
        `From: "Gatehouse" <sip:${caller}@${point.hostPort}>;tag=${this.#tag}\r\n` +
        `To: <${uri}>\r\nCall-ID: ${this.callId}\r\nCSeq: ${cseq} INVITE\r\n` +
        `Contact: <sip:${caller}@${point.hostPort}${transportParameter(point)}>\r\n` +
        `Allow: INVITE, ACK, CANCEL, BYE, INFO, OPTIONS\r\nContent-Type: application/sdp\r\n${more}`;
      const request = { method: 'INVITE', uri, nextHop, socket: point.name, headers, body };
      return await requester.send(request, (response) => void this.#bye(dialogOf(response, uri), point));
    } finally {
      isOver = true;
      clearTimeout(late);
    }
  }

  async #talk(response: SipMessage, media: Media, target: Target, point: ListenPoint): Promise<void> {
    const dialog = dialogOf(response, this.#callee.uri);
    this.#dialog = dialog;
    const answered = readAnswer(response.body);
    const isWanted = !this.#isSettled && this.#isAnswered();
    if (!isWanted) this.#settle('stopped');
    else if (answered === undefined) this.#settle('no-sound');
    else {
      media.run(answered, target.address, this.#parts.prompts, (key) => this.#onKey(key));
      const late = new AbortController();
      const patience = delay(this.#parts.keyMs, undefined, { signal: late.signal }).then(
        () => this.#settle('no-key'),
        () => {},
      );
      await this.#answer.promise.catch(() => {});
      late.abort();
      await patience;
    }
    if (!this.#hungUp) await this.#bye(dialog, point);
  }

  #onKey(key: string): void {
    if (key === '') return;
    this.#settle(key === ADMITS ? 'admitted' : key === REFUSES ? 'refused' : 'other-key');
  }

  async #bye({ uri, routes, to }: Dialog, point: ListenPoint): Promise<void> {
    const headers =
      (routes === '' ? '' : `Route: ${routes}\r\n`) +
      `From: "Gatehouse" <sip:${this.#parts.caller}@${point.hostPort}>;tag=${this.#tag}\r\n` +
      `To: ${to}\r\nCall-ID: ${this.callId}\r\nCSeq: ${++this.#cseq} BYE\r\n`;
    const request = { method: 'BYE', uri, nextHop: undefined, socket: point.name, headers, body: '' };
    // Whether it is heard makes no difference to us.
    await this.#parts.requester.send(request).catch(() => {});
  }

  #settle(answer: KeyAnswer): void {
    this.#isSettled = true;
    this.#answer.resolve(answer);
  }
}

const MEANINGS: Readonly<Record<number, KeyAnswer>> = {
  408: 'no-answer',
  480: 'no-answer',
  482: 'loop',
  483: 'loop',
  486: 'busy',
  487: 'no-answer',
  600: 'busy',
  603: 'declined',
};

function dialogOf(response: SipMessage, uri: string): Dialog {
  return {
    remoteTag: response.toTag,
    uri: remoteTarget(response) ?? uri,
    routes: routeSet(response),
    to: response.value(Header.to) ?? '',
  };
}

/** URI of the first proxy of a Route set. */
function firstOf(route: string | undefined): string | undefined {
  return route === undefined ? undefined : parseNameAddr(route)?.uri;
}

/** What is advertised, where that is an address. */
function toldAddress({ address, hostPort }: ListenPoint): string {
  const host = /^\[?(.*?)\]?:\d+$/.exec(hostPort)?.[1] ?? '';
  return isIP(host) === 0 ? address : host;
}
