/**
 * One dialog that an INVITE opened and a 2xx answered, while the call lasts.
 *
 * It begins as references to these two messages. Only what is asked for is read in them, and a dialog that lasts lets go of them for what is
 * needed to end it (`settle`). Times are milliseconds since the epoch.
 */
import { detach, type SipMessage } from '../message/message.ts';
import { hasContact, type Opening, type Parties, partiesOf } from './parties.ts';

export type Side = 'caller' | 'called';

/** Fits any request that was not seen, such as a PRACK before the answer: a CSeq may skip numbers (RFC 3261 section 12.2.2). */
const SKIP = 100;
const LARGEST_CSEQ = 0x7fffffff;

export interface DialogKey {
  readonly callId: string;
  readonly fromTag: string;
  readonly toTag: string;
}

export class Dialog implements DialogKey {
  callId: string;
  fromTag: string;
  toTag: string;
  readonly started: number;
  /** Logins of the caller and of whom he called, '' = none of our users. */
  caller: string;
  readonly called: string;
  /** Highest CSeq of either's requests. */
  callerSeq: number;
  calledSeq: number;
  /** When it ends unless it is refreshed (RFC 4028), 0 = never. */
  ends = 0;
  /** It has a row. */
  stored = false;
  /** It is no longer among the running ones. */
  over = false;
  /** Characters that the table counts for it. */
  held = 0;
  /** Made of its key when somebody asks. */
  id = '';
  /** The next one of the same Call-ID: of another branch. */
  next: Dialog | undefined;
  #opening: Opening | undefined;
  #parties: Parties | undefined;

  constructor(
    { callId, fromTag, toTag }: DialogKey,
    {
      started,
      caller,
      called,
      callerSeq,
      calledSeq,
    }: Pick<Dialog, 'started' | 'caller' | 'called' | 'callerSeq' | 'calledSeq'>,
    known: { opening: Opening } | { parties: Parties },
  ) {
    this.callId = callId;
    this.fromTag = fromTag;
    this.toTag = toTag;
    this.started = started;
    this.caller = caller;
    this.called = called;
    this.callerSeq = callerSeq;
    this.calledSeq = calledSeq;
    if ('opening' in known) this.#opening = known.opening;
    else this.#parties = known.parties;
  }

  get parties(): Parties {
    this.#parties ??= partiesOf(this.#opening!);
    return this.#parties;
  }

  /** The 2xx, while it is kept. */
  get answer(): SipMessage | undefined {
    return this.#opening?.answer;
  }

  /** Whether requests to that side are meant to end there. */
  isTargetOf(side: Side, uri: string): boolean {
    const parties = this.#parties;
    if (parties) return parties[side].target === uri;
    const { invite, inviteEdits, answer, answerEdits } = this.#opening!;
    return side === 'caller' ? hasContact(uri, invite, inviteEdits) : hasContact(uri, answer, answerEdits);
  }

  /** For a request of ours to that side, in the name of the other one. */
  nextCSeqTo(side: Side): number {
    return Math.min((side === 'called' ? this.callerSeq : this.calledSeq) + SKIP, LARGEST_CSEQ);
  }

  /** Characters held. */
  get weight(): number {
    if (this.#opening) return this.#opening.invite.raw.length + this.#opening.answer.raw.length;
    const { caller, called } = this.#parties!;
    let sum = this.callId.length + caller.name.length + called.name.length;
    for (const { routes, target } of [caller, called]) sum += target.length + routes.join().length;
    return sum;
  }

  /** Lets go of the messages. */
  settle(): void {
    void this.parties;
    this.#opening = undefined;
    this.callId = detach(this.callId);
    this.fromTag = detach(this.fromTag);
    this.toTag = detach(this.toTag);
  }

  /**
   * The same dialog passed here once more on its way: this is what it was like nearer to the caller. Where the caller is known he stays: else
   * another user, whose friend answers with the same tag, could take the call upon himself.
   */
  widen(opening: Opening, caller: string): void {
    if (this.caller !== '') return;
    this.parties.caller = partiesOf(opening).caller;
    this.caller = caller;
  }

  /** For another answer to the same INVITE. */
  besides(answer: Pick<Opening, 'answer' | 'answerEdits' | 'target'>): Opening | undefined {
    return this.#opening && { ...this.#opening, ...answer };
  }

  /** Whoever still holds it holds nothing else by it. */
  end(): void {
    this.over = true;
    this.callId = '';
    this.fromTag = '';
    this.toTag = '';
    this.next = undefined;
    this.#opening = undefined;
    this.#parties = undefined;
  }
}

export function isSame(a: DialogKey, b: DialogKey): boolean {
  return a.toTag === b.toTag && a.fromTag === b.fromTag && a.callId === b.callId;
}
