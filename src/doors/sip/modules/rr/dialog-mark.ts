/**
 * A mark in our Record-Route URI by which we know a dialog's later requests: `;gm=` and 16 hex digits of SHA-256 over a key of
 * ours and the Call-ID. Whoever was never let through, and never rung, cannot know it; a made-up To tag is not enough.
 *
 * Used with `preloaded_route` challenge only: a script that runs as in SER writes what SER writes.
 */
import { hash } from 'node:crypto';
import { sameHex } from '../../../../core/proofs/compare.ts';
import { word } from '../../message/chars.ts';
import type { SipMessage } from '../../message/message.ts';
import { type SipUri, uriParam } from '../../message/uri.ts';

const NAME = 'gm';
const WORD = word(NAME);
const DIGITS = 16;

export class DialogMark {
  readonly #key: string;

  constructor(key: Buffer) {
    this.#key = key.toString('hex');
  }

  /** `;gm=…`, for the Record-Route of this request. */
  parameter(request: SipMessage): string {
    return `;${NAME}=${this.#of(request)}`;
  }

  /** Whether this URI of ours was made for the dialog that the request claims to belong to. */
  isOn(uri: SipUri, request: SipMessage): boolean {
    const given = uriParam(uri, WORD);
    return given !== undefined && sameHex(given, this.#of(request));
  }

  #of(request: SipMessage): string {
    return hash('sha256', this.#key + request.callId, 'hex').slice(0, DIGITS);
  }
}
