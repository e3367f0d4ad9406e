/**
 * The dialogs that run: those that an INVITE opened which t_relay forwarded with our Record-Route, of a caller who proved who he is or to a
 * user whose contacts lookup() found. Others are nobody's here, or end where we cannot see it.
 *
 * Bounded: what does not fit is not followed, and counted. Young ones are as they came; once in three seconds those that have lasted as
 * long are settled and shown to the book, so that a short call costs no more than its place in the table.
 */
import type { EndReason } from '../../../core/gate/types.ts';
import { keyedHash } from '../../../core/limits/keyed-hash.ts';
import type { Clock } from '../../../platform/clock.ts';
import { PassingMap } from '../../../platform/passing-map.ts';
import { Timer, type TimerOwner, type TimerWheel } from '../../../platform/timer-wheel.ts';
import type { Edits } from '../message/edits.ts';
import type { SipMessage } from '../message/message.ts';
import type { Run } from '../run.ts';
import type { Target } from '../transport/types.ts';
import { Dialog, isSame } from './dialog.ts';
import { type DialogOwner, InDialog } from './in-dialog.ts';
import { sessionExpires } from './session-expires.ts';

export const SETTLE_MS = 3_000;
const MOST = 100_000;
const MOST_CHARACTERS = 256 << 20;
/** Of one Call-ID: as many as one INVITE can have branches, and a few. */
const MOST_TOGETHER = 16;

export interface DialogsParts {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly book: DialogBook;
  /** After this time a dialog is ended whatever its sides say. */
  readonly longestMs: number;
  /** How many there may be. */
  readonly most?: number;
}

/** Who writes down what becomes of them. */
export interface DialogBook {
  /** It lasts. */
  settled(dialog: Dialog): void;
  /** What the book knows of it has changed. */
  changed(dialog: Dialog): void;
  /** Still as it was. */
  ended(dialog: Dialog, reason: EndReason): void;
  /** Tells both sides. */
  hangUp(dialog: Dialog, reason: EndReason): void;
}

export class Dialogs implements DialogOwner, TimerOwner {
  /** Plain numbers, read when metrics are asked for. */
  readonly counters = { followed: 0, unfollowed: 0 };
  readonly #parts: DialogsParts;
  readonly #most: number;
  readonly #byCallId = new PassingMap<Dialog>(keyedHash);
  readonly #timer = new Timer(this);
  #size = 0;
  #held = 0;
  /** Since the last look, and of the time before. */
  #young: Dialog[] = [];
  #older: Dialog[] = [];
  #changed = new Set<Dialog>();

  constructor(parts: DialogsParts) {
    this.#parts = parts;
    this.#most = parts.most ?? MOST;
  }

  get size(): number {
    return this.#size;
  }

  now(): number {
    return this.#parts.clock.now();
  }

  *all(): Generator<Dialog> {
    for (const first of this.#byCallId.values())
      for (let one: Dialog | undefined = first; one; ) {
        const { next }: Dialog = one;
        yield one;
        one = next;
      }
  }

  /** The first 2xx to an INVITE has come; `target`: from where. */
  opened(run: Run, answer: SipMessage, answerEdits: Edits | undefined, target: Target): void {
    const recordRoute = run.recordRoute ?? run.made?.recordRoute;
    const caller = run.authorised?.ticket.account.login ?? '';
    const { called, message: invite, edits: inviteEdits, source } = run;
    if (recordRoute === undefined || (caller === '' && called === '')) return;
    const opening = { invite, inviteEdits, recordRoute, source, answer, answerEdits, target };
    const key = { callId: invite.callId, fromTag: invite.fromTag, toTag: answer.toTag };
    const known = this.#byCallId.get(invite.callId);
    for (let one = known; one; one = one.next) {
      if (!isSame(one, key)) continue;
      one.widen(opening, caller);
      return;
    }
    const callerSeq = invite.cseq?.number ?? 0;
    const numbers = { started: this.now(), caller, called, callerSeq, calledSeq: 0 };
    this.#add(new Dialog(key, numbers, { opening }), known);
  }

  /** A further 2xx to the same INVITE: a repetition, or that of another telephone. */
  openedBesides(answer: SipMessage, answerEdits: Edits | undefined, target: Target): void {
    const { callId, fromTag, toTag } = answer;
    const known = this.#size === 0 ? undefined : this.#byCallId.get(callId);
    let twin: Dialog | undefined;
    for (let one = known; one; one = one.next) {
      if (one.fromTag !== fromTag) continue;
      if (one.toTag === toTag) return;
      twin = one;
    }
    const opening = twin?.besides({ answer, answerEdits, target });
    if (opening === undefined || twin === undefined) return;
    const { caller, called, callerSeq } = twin;
    const numbers = { started: this.now(), caller, called, callerSeq, calledSeq: 0 };
    this.#add(new Dialog({ callId, fromTag, toTag }, numbers, { opening }), known);
  }

  /** A request with a To tag goes on its way; undefined: it belongs to none of them. */
  enter(run: Run): InDialog | undefined {
    if (this.#size === 0) return undefined;
    const { callId, fromTag, toTag, cseq } = run.message;
    for (let one = this.#byCallId.get(callId); one; one = one.next) {
      const isCaller = one.fromTag === fromTag && one.toTag === toTag;
      if (!isCaller && (one.fromTag !== toTag || one.toTag !== fromTag)) continue;
      const number = cseq?.number ?? 0;
      if (isCaller) one.callerSeq = Math.max(one.callerSeq, number);
      else one.calledSeq = Math.max(one.calledSeq, number);
      this.changed(one);
      return new InDialog(this, one, isCaller ? 'caller' : 'called', run);
    }
    return undefined;
  }

  /** As it was when the server ended. False: there is no room for it. */
  restore(dialog: Dialog): boolean {
    dialog.stored = true;
    return this.#put(dialog, this.#byCallId.get(dialog.callId));
  }

  changed(dialog: Dialog): void {
    if (dialog.stored) this.#changed.add(dialog);
  }

  over(dialog: Dialog, reason: EndReason): void {
    if (dialog.over) return;
    this.#remove(dialog);
    this.#parts.book.ended(dialog, reason);
    dialog.end();
  }

  hangUp(dialog: Dialog, reason: EndReason): void {
    if (dialog.over) return;
    this.#parts.book.hangUp(dialog, reason);
    this.over(dialog, reason);
  }

  onTimer(): void {
    this.#settle(this.#older);
    this.#older = this.#young;
    this.#young = [];
    for (const dialog of this.#changed) if (!dialog.over) this.#parts.book.changed(dialog);
    this.#changed.clear();
    const now = this.now();
    for (const dialog of this.all()) {
      const isOld = now >= dialog.started + this.#parts.longestMs;
      // Whoever has agreed on a time hangs up by himself.
      if (isOld) this.hangUp(dialog, 'expired');
      else if (dialog.ends !== 0 && now >= dialog.ends) this.over(dialog, 'expired');
    }
    if (this.#size > 0) this.#parts.wheel.start(this.#timer, SETTLE_MS);
    else this.#older = [];
  }

  /** Before the server ends: the young ones last, too. */
  close(): void {
    this.#parts.wheel.stop(this.#timer);
    this.#settle(this.#older);
    this.#settle(this.#young);
    for (const dialog of this.#changed) if (!dialog.over) this.#parts.book.changed(dialog);
  }

  #add(dialog: Dialog, known: Dialog | undefined): void {
    if (!this.#put(dialog, known)) {
      this.counters.unfollowed++;
      return;
    }
    this.counters.followed++;
    this.#young.push(dialog);
  }

  #put(dialog: Dialog, known: Dialog | undefined): boolean {
    let together = 1;
    for (let one = known; one; one = one.next) together++;
    const { weight } = dialog;
    if (this.#size >= this.#most || this.#held + weight > MOST_CHARACTERS || together > MOST_TOGETHER) return false;
    if (known) {
      dialog.next = known.next;
      known.next = dialog;
    } else this.#byCallId.set(dialog.callId, dialog);
    dialog.held = weight;
    this.#held += weight;
    this.#size++;
    if (!this.#timer.running) this.#parts.wheel.start(this.#timer, SETTLE_MS);
    return true;
  }

  #remove(dialog: Dialog): void {
    const { callId } = dialog;
    const first = this.#byCallId.get(callId);
    if (first === dialog) {
      // The key is a piece of its messages, which nothing else shall hold.
      this.#byCallId.delete(callId);
      if (dialog.next) this.#byCallId.set(dialog.next.callId, dialog.next);
    } else {
      let before = first;
      while (before && before.next !== dialog) before = before.next;
      if (before) before.next = dialog.next;
    }
    this.#size--;
    this.#held -= dialog.held;
    this.#changed.delete(dialog);
  }

  #settle(dialogs: readonly Dialog[]): void {
    for (const dialog of dialogs) {
      if (dialog.over) continue;
      dialog.ends = this.#endOf(dialog);
      const isFirst = this.#byCallId.get(dialog.callId) === dialog;
      if (isFirst) this.#byCallId.delete(dialog.callId);
      dialog.settle();
      if (isFirst) this.#byCallId.set(dialog.callId, dialog);
      this.#held += dialog.weight - dialog.held;
      dialog.held = dialog.weight;
      this.#parts.book.settled(dialog);
    }
  }

  /** Unless a refresh has said it already. */
  #endOf({ ends, answer, started }: Dialog): number {
    const agreed = ends !== 0 || answer === undefined ? 0 : sessionExpires(answer);
    return agreed === 0 ? ends : started + agreed;
  }
}
