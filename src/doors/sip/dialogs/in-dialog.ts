/**
 * A request of one side of a dialog that t_relay has taken on, until its final response.
 *
 * A dialog ends with the answer to a BYE, whatever it is (RFC 3261 section 15.1.1: whoever sent it has hung up), except where the sender is asked
 * or refused for who he is. It ends with a 481 to INVITE or UPDATE; after a 408 their sender says BYE (section 12.2.1.2).
 *
 * Whoever sends a request says himself where it goes. A BYE that did not go to the other side of the dialog, by its Contact and its
 * Record-Routes, proves nothing of that side, whoever has answered it: then both sides are told. And a refresh that went astray moves nothing.
 */

import type { EndReason } from '../../../core/gate/types.ts';
import type { Edits } from '../message/edits.ts';
import type { SipMessage } from '../message/message.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import type { Run } from '../run.ts';
import type { Dialog, Side } from './dialog.ts';
import { contactOf } from './parties.ts';
import { sessionExpires } from './session-expires.ts';

export interface DialogOwner {
  changed(dialog: Dialog): void;
  /** It has ended by itself. */
  over(dialog: Dialog, reason: EndReason): void;
  /** Ends it for both sides. */
  hangUp(dialog: Dialog, reason: EndReason): void;
  now(): number;
}

export class InDialog {
  readonly #owner: DialogOwner;
  readonly #dialog: Dialog;
  readonly #from: Side;
  readonly #run: Run;

  constructor(owner: DialogOwner, dialog: Dialog, from: Side, run: Run) {
    this.#owner = owner;
    this.#dialog = dialog;
    this.#from = from;
    this.#run = run;
  }

  /** A 2xx has come; those to INVITE and UPDATE move the Contacts of both sides and the time of the session. */
  agreed(answer: SipMessage, edits: Edits | undefined): void {
    const { message, source } = this.#run;
    if ((message.method !== 'INVITE' && message.method !== 'UPDATE') || this.#dialog.over || this.#isAstray()) return;
    const { caller, called } = this.#dialog.parties;
    const [sender, other] = this.#from === 'caller' ? [caller, called] : [called, caller];
    sender.target = contactOf(message, this.#run.edits) || sender.target;
    sender.flow = source;
    other.target = contactOf(answer, edits) || other.target;
    const agreed = sessionExpires(answer);
    this.#dialog.ends = agreed === 0 ? 0 : this.#owner.now() + agreed;
    this.#owner.changed(this.#dialog);
  }

  /** The final response has gone back; below 200: none came in time. */
  answered(status: number): void {
    if (this.#dialog.over) return;
    const isBye = this.#run.message.method === 'BYE';
    const ends = isBye
      ? status !== 401 && status !== 403 && status !== 407
      : status === 481 && (this.#run.message.method === 'INVITE' || this.#run.message.method === 'UPDATE');
    if (!ends) return;
    const reason = isBye ? 'logout' : 'expired';
    if (this.#isAstray()) this.#owner.hangUp(this.#dialog, reason);
    else this.#owner.over(this.#dialog, reason);
  }

  #isAstray(): boolean {
    const to: Side = this.#from === 'caller' ? 'called' : 'caller';
    const { uri, destination } = this.#run;
    if (!this.#dialog.isTargetOf(to, uri)) return true;
    if (destination === undefined) return false;
    const [next] = this.#dialog.parties[to].routes;
    return next === undefined || parseNameAddr(next)?.uri !== destination;
  }
}
