/**
 * Replies of our own, and the To-tags by which the ACKs to them are known: without a transaction nothing else tells them.
 * Source: RFC 3261 section 8.2.7.
 */
import type { Glance } from './message/glance.ts';
import { glanceReply } from './message/glance-reply.ts';
import { cleanValue } from './message/header-text.ts';
import type { SipMessage } from './message/message.ts';
import { buildReply } from './message/reply.ts';
import { MAGIC_COOKIE } from './transaction/branches.ts';
import type { Source } from './transport/types.ts';

export class OwnReplies {
  readonly #tagPrefix: string;
  readonly #script: { readonly server: string };

  /** `tagPrefix`: the same over restarts; `server`: value of the Server header now, '' = none. */
  constructor(tagPrefix: string, script: { readonly server: string }) {
    this.#tagPrefix = tagPrefix;
    this.#script = script;
  }

  /** The whole response; `headers` are whole lines with CRLF. */
  text(
    request: SipMessage,
    source: Source,
    status: number,
    reason: string,
    headers: string,
    forceRport: boolean,
    body = '',
  ): string {
    const toTag = status > 100 ? this.#toTag(request) : '';
    return buildReply({
      request,
      source,
      status,
      reason,
      headers,
      toTag,
      forceRport,
      server: this.#script.server,
      body,
    });
  }

  /** The same to a request that was only glanced at; `statusLine` with its CRLF. */
  atAGlance(request: Glance, source: Source, statusLine: string, headers: string): string {
    const { server } = this.#script;
    const more = server === '' ? headers : `Server: ${cleanValue(server)}\r\n${headers}`;
    return glanceReply(request, source, statusLine, this.#tagPrefix + hash(request.branch, 0).toString(36), more);
  }

  /** Whether an ACK with this To tag answers one of them. */
  isOwn(toTag: string): boolean {
    return toTag.startsWith(this.#tagPrefix);
  }

  /** The same for each repetition of the request, and another for another one: a branch of RFC 3261 is its alone. */
  #toTag(request: SipMessage): string {
    const branch = request.via?.branch ?? '';
    const ofBranch = hash(branch, request.cseq?.number ?? 0);
    const seed = branch.startsWith(MAGIC_COOKIE) ? ofBranch : hash(request.callId, hash(request.fromTag, ofBranch));
    return this.#tagPrefix + seed.toString(36);
  }
}

/** FNV-1a over 32 bits, signed, since V8 writes that four times faster: a tag needs to differ, not to be secret. */
function hash(text: string, seed: number): number {
  let h = seed ^ 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
