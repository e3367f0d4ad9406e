/**
 * Calls as sessions: one for each of our users in it, `sip:call:ID:out` the caller's and `sip:call:ID:in` that of whom he called. Ending either
 * ends the call. One that rings is listed and can be ended, too; the trail and the history tell of those that have lasted a while.
 */
import { hash } from 'node:crypto';
import type { SessionInfo } from '../../../core/doors/types.ts';
import type { EndReason, Gate, SessionStart } from '../../../core/gate/types.ts';
import type { OwnRows } from '../../../core/journal/own-table.ts';
import type { Change, Journal, Waiter } from '../../../core/journal/types.ts';
import { unicodeText } from '../../../core/ser/wire-text.ts';
import type { Clock } from '../../../platform/clock.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Log } from '../../../platform/log.ts';
import { Seldom } from '../../../platform/seldom.ts';
import type { TimerWheel } from '../../../platform/timer-wheel.ts';
import { parseNameAddr } from '../message/name-addr.ts';
import type { RingingRequest, ServerUser } from '../transaction/types.ts';
import { Bye, type ByeParts } from './bye.ts';
import type { Dialog, DialogKey } from './dialog.ts';
import { type DialogBook, Dialogs } from './dialogs.ts';
import { dialogIn, dropCall, putCall, readCalls } from './stored.ts';

export interface CallsParts extends Omit<ByeParts, 'unheard'> {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly log: Log;
  readonly gate: Pick<Gate, 'opened' | 'ended'>;
  readonly journal: Journal;
  /** Absent: nothing of them outlives the server. */
  readonly rows: OwnRows | undefined;
  /** Ids come of it. */
  readonly key: Buffer;
  readonly longestMs: number;
  readonly most?: number;
}

/** One user's part in a call. */
interface Part extends SessionStart {
  /** As the other one is called: a URI. */
  readonly peer: string;
  readonly direction: 'out' | 'in';
}

const REASONS: Readonly<Record<EndReason, string>> = {
  kicked: 'SIP;cause=403;text="Ended by the administrator"',
  removed: 'SIP;cause=403;text="No longer permitted"',
  expired: 'SIP;cause=408;text="The call has lasted too long"',
  logout: 'SIP;cause=200;text="The other side has hung up"',
  replaced: 'SIP;cause=200;text="Replaced"',
};
const SESSION = /^sip:call:([0-9a-f]{16}):(out|in)$/;

export class Calls implements DialogBook {
  readonly dialogs: Dialogs;
  /** Ended by us, since the start. */
  hungUp = 0;
  readonly #parts: CallsParts;
  readonly #byes: ByeParts;
  readonly #unheard: Seldom;
  readonly #waiter: Waiter;

  constructor(parts: CallsParts) {
    this.#parts = parts;
    this.dialogs = new Dialogs({ ...parts, book: this });
    this.#unheard = new Seldom(parts.clock);
    const unwritten = new Seldom(parts.clock);
    this.#waiter = {
      settled(error) {
        if (error && unwritten.due())
          parts.log.warn('calls could not be written down', { error: describeError(error) });
      },
    };
    this.#byes = { ...parts, unheard: (name, why) => this.#tellUnheard(name, why) };
  }

  /** Reads those of before; what it gives takes them up, once the sockets are open. Errors: STORAGE_UNAVAILABLE. */
  async load(): Promise<() => void> {
    const { rows, transport } = this.#parts;
    const stored = rows ? await readCalls(rows) : [];
    return () => {
      for (const row of stored) {
        const dialog = dialogIn(row, transport.points);
        if (dialog === undefined || !this.dialogs.restore(dialog)) this.#write([dropCall(String(row[0]))]);
      }
    };
  }

  *sessions(user?: string): Generator<SessionInfo> {
    for (const dialog of this.dialogs.all()) {
      const { caller, called, started, ends } = dialog;
      if (user !== undefined && user !== caller && user !== called) continue;
      const latest = started + this.#parts.longestMs;
      const expires = ends === 0 ? latest : Math.min(ends, latest);
      for (const part of this.#partsOf(dialog))
        if (user === undefined || user === part.user) yield sessionOf(part, expires, 'call');
    }
    for (const { ringing: run } of this.#ringing()) {
      for (const part of run ? this.#partsOfRinging(run) : [])
        if (user === undefined || user === part.user) yield sessionOf(part, 0, 'ringing');
    }
  }

  /** False: there is no such call. */
  async end(session: string, reason: EndReason): Promise<boolean> {
    const [, id, direction] = SESSION.exec(session) ?? [];
    if (id === undefined) return false;
    for (const dialog of this.dialogs.all()) {
      if (this.#idOf(dialog) !== id) continue;
      this.dialogs.hangUp(dialog, reason);
      await this.#parts.journal.drain();
      return true;
    }
    for (const call of this.#ringing()) {
      if (!call.ringing || this.#partsOfRinging(call.ringing).every((part) => part.session !== session)) continue;
      if (direction === 'out') call.refuse(403, 'Forbidden');
      else call.refuse(480, 'Temporarily Unavailable');
      return true;
    }
    return false;
  }

  settled(dialog: Dialog): void {
    dialog.stored = true;
    this.#write([...this.#opened(dialog), ...this.#row(dialog)]);
  }

  changed(dialog: Dialog): void {
    this.#write(this.#row(dialog));
  }

  ended(dialog: Dialog, reason: EndReason): void {
    if (!dialog.stored) return;
    const { clock, gate, rows } = this.#parts;
    const now = clock.now();
    const ends = this.#partsOf(dialog).flatMap((part) => gate.ended(part, reason, now));
    this.#write(rows ? [...ends, dropCall(dialog.id)] : ends);
  }

  hangUp(dialog: Dialog, reason: EndReason): void {
    this.hungUp++;
    if (!dialog.stored) {
      dialog.stored = true;
      this.#write(this.#opened(dialog));
    }
    for (const side of ['caller', 'called'] as const) {
      try {
        new Bye(this.#byes, dialog, side, REASONS[reason]).send();
      } catch (error) {
        this.#tellUnheard(dialog.parties[side].name, describeError(error));
      }
    }
  }

  #opened(dialog: Dialog): Change[] {
    return this.#partsOf(dialog).flatMap((part) => this.#parts.gate.opened(part));
  }

  #row(dialog: Dialog): Change[] {
    this.#idOf(dialog);
    return this.#parts.rows ? [putCall(dialog)] : [];
  }

  #write(changes: Change[]): void {
    if (changes.length > 0) this.#parts.journal.append(changes, this.#waiter);
  }

  #idOf(dialog: Dialog): string {
    dialog.id ||= this.#id(dialog);
    return dialog.id;
  }

  #id({ callId, fromTag, toTag }: DialogKey): string {
    return hash('sha256', `${this.#parts.key.toString('hex')}\n${callId}\n${fromTag}\n${toTag}`).slice(0, 16);
  }

  #partsOf(dialog: Dialog): Part[] {
    const { caller, called, started, parties } = dialog;
    const id = this.#idOf(dialog);
    const out = { id, started, user: caller, peer: uriIn(parties.called.name), client: parties.caller.flow.address };
    const into = { id, started, user: called, peer: uriIn(parties.caller.name), client: parties.called.flow.address };
    return partsOf(out, into);
  }

  #partsOfRinging({ message, source, authorised, called }: RingingRequest): Part[] {
    const started = this.#parts.clock.now();
    const id = this.#id({ callId: message.callId, fromTag: message.fromTag, toTag: '' });
    const out = { id, started, user: authorised?.ticket.account.login ?? '', peer: unicodeText(message.to?.uri ?? '') };
    const into = { id, started, user: called, peer: unicodeText(message.from?.uri ?? '') };
    // Where he is called stands not fast before he answers.
    return partsOf({ ...out, client: source.address }, { ...into, client: '' });
  }

  *#ringing(): Generator<RingingCall> {
    for (const { user } of this.#parts.transactions.servers()) if (user?.ringing) yield user as RingingCall;
  }

  #tellUnheard(name: string, why: string): void {
    if (this.#unheard.due())
      this.#parts.log.info('one side of a call that was ended may not have heard it', { name, why });
  }
}

type RingingCall = Required<Pick<ServerUser, 'ringing' | 'refuse'>>;

interface Half {
  readonly id: string;
  readonly started: number;
  readonly user: string;
  readonly peer: string;
  readonly client: string;
}

/** Of those who are users of ours; whoever calls himself is in once. */
function partsOf(out: Half, into: Half): Part[] {
  const parts: Part[] = [];
  if (out.user !== '') parts.push(part(out, 'out'));
  if (into.user !== '' && into.user !== out.user) parts.push(part(into, 'in'));
  return parts;
}

function part({ id, started, user, peer, client }: Half, direction: 'out' | 'in'): Part {
  return { door: 'sip', session: `sip:call:${id}:${direction}`, user, client, time: started, peer, direction };
}

function sessionOf(part: Part, expires: number, kind: 'call' | 'ringing'): SessionInfo {
  const { session, user, client, time: started, peer, direction } = part;
  return { session, door: 'sip', user, client, started, expires, detail: { kind, direction, peer } };
}

function uriIn(name: string): string {
  return unicodeText(parseNameAddr(name)?.uri ?? '');
}
