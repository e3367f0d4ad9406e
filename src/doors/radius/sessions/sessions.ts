/**
 * Who is in behind network equipment: what accounting tells of begins and ends here, durable before it is acknowledged.
 *
 * The equipment alone knows when somebody is out. So whoever is to be put out stays in the list until it has said so, or has answered a
 * Disconnect-Request; and if it says nothing he is asked to leave again with the next sign of life. A Stop may overtake its Start, and be
 * told twice: what has ended is remembered for a while. Errors (rejections): STORAGE_… of the journal, RADIUS_DISCONNECT, RADIUS_COA, RADIUS_SESSIONS.
 */
import { auditChange } from '../../../core/audit/events.ts';
import type { SessionChange } from '../../../core/doors/types.ts';
import type { EndReason, Gate } from '../../../core/gate/types.ts';
import { commit } from '../../../core/journal/commit.ts';
import type { Change, Journal } from '../../../core/journal/types.ts';
import { checkTerms, termsText } from '../../../core/sessions/terms.ts';
import type { Clock } from '../../../platform/clock.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { type Attribute, numberAttribute, numberBytes, vendorAttribute } from '../../../platform/radius/attributes.ts';
import { ATTRIBUTE } from '../../../platform/radius/numbers.ts';
import type { ChangeAnswer, DisconnectAnswer } from '../server/disconnect.ts';
import { type RadiusSession, type Report, startOf } from './session.ts';
import { dropSession, putSession } from './stored-sessions.ts';
import { VENDOR_TERM } from './vendor-terms.ts';

export interface SessionsParts {
  readonly gate: Pick<Gate, 'opened' | 'ended' | 'refreshed'>;
  readonly journal: Journal;
  readonly clock: Clock;
  disconnect(session: RadiusSession): Promise<DisconnectAnswer>;
  changeTerms(session: RadiusSession, terms: readonly Attribute[]): Promise<ChangeAnswer>;
}

interface Open {
  readonly session: RadiusSession;
  /** That it was opened is written, or about to be. */
  announced: boolean;
  /** Somebody wants it to end. */
  leaving: EndReason | undefined;
}

interface Ended {
  readonly session: RadiusSession;
  readonly reason: EndReason;
  readonly ended: number;
}

const MOST = 200_000;
const MOST_ENDED = 50_000;
/** What has its time limit from us, and the equipment has not ended by itself. */
const GRACE_MS = 500;
/** Not heard of for so long: its end was lost. */
const FORGOTTEN_MS = 7 * 86_400_000;

export class RadiusSessions {
  readonly #parts: SessionsParts;
  readonly #open = new Map<string, Open>();
  readonly #byUser = new Map<string, Set<Open>>();
  /** The oldest first. */
  readonly #ended = new Map<string, Ended>();

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Those of one user, if he is named. */
  *all(user?: string): Generator<RadiusSession> {
    const some = user === undefined ? this.#open.values() : (this.#byUser.get(user) ?? []);
    for (const { session } of some) yield session;
  }

  resume(stored: Iterable<RadiusSession>): void {
    for (const session of stored) this.#put({ session, announced: true, leaving: undefined });
  }

  /** A Start, or a sign of life of one whose Start was lost. */
  async opened(report: Report): Promise<void> {
    const over = this.#ended.get(report.name);
    if (over !== undefined && report.at <= over.ended) return;
    const known = this.#open.get(report.name);
    const isOther = known !== undefined && known.session.user !== report.user;
    const unit = isOther ? this.#leave(known, 'replaced', report.at) : [];
    const open = known === undefined || isOther ? this.#enter(report) : known;
    if (open === known) {
      hear(open.session, report);
      this.#parts.gate.refreshed('radius', report.user);
    }
    const isNews = !open.announced;
    if (isNews) unit.push(...this.#parts.gate.opened(startOf(open.session)));
    unit.push(putSession(open.session));
    open.announced = true;
    try {
      await this.#write(unit, isOther ? [known] : []);
    } catch (error) {
      if (isNews) open.announced = false;
      throw error;
    }
    if (open.leaving !== undefined && !isNews) this.end(report.name, open.leaving).catch(() => {});
  }

  /** A Stop. Of one that was put out it brings the last figures. */
  async closed(report: Report, reason: EndReason): Promise<void> {
    const over = this.#ended.get(report.name);
    // Its Start was lost, or is yet to come.
    const open = this.#open.get(report.name) ?? { session: report, announced: false, leaving: undefined };
    if (open.session === report && over !== undefined) {
      hear(over.session, report);
      const unit = this.#parts.gate.ended(startOf(over.session), over.reason, over.ended, over.session);
      await commit(
        this.#parts.journal,
        unit.filter(({ kind }) => kind === 'history'),
      );
      return;
    }
    hear(open.session, report);
    await this.#write(this.#leave(open, open.leaving ?? reason, report.at), [open]);
  }

  /** The NAS was started, or is about to stop: nobody is in there who was in before. */
  async allClosed(station: string, at: number): Promise<void> {
    const gone = [...this.#open.values()].filter(({ session }) => session.station === station && session.started <= at);
    const unit = gone.flatMap((open) => this.#leave(open, open.leaving ?? 'removed', at));
    await this.#write(unit, gone);
  }

  /** Asks the equipment to put somebody out; he is out when this resolves. False: there is no such session. */
  async end(name: string, reason: EndReason): Promise<boolean> {
    const open = this.#open.get(name);
    if (open === undefined) return false;
    open.leaving = reason;
    const { clock, disconnect, journal } = this.#parts;
    const { session } = open;
    const answer = await disconnect(session);
    const { user, equipment } = session;
    const fields = { door: 'radius', user, session: name, client: equipment, answer: answer.text, reason };
    const said = auditChange(clock.now(), 'disconnect', fields);
    if (this.#open.get(name) !== open) await commit(journal, [said]);
    else if (answer.isOut) await this.#write([said, ...this.#leave(open, reason, clock.now())], [open]);
    else {
      await commit(journal, [said]);
      throw new GatehouseError('RADIUS_DISCONNECT', `${equipment} was to end ${name}: ${answer.text}`, {
        hint: 'it is asked again when the session is heard of next',
      });
    }
    return true;
  }

  /** Has the equipment give somebody who is in other terms; they are in force when this resolves. False: there is no such session. */
  async change(name: string, change: SessionChange): Promise<boolean> {
    const open = this.#open.get(name);
    if (open === undefined) return false;
    checkTerms(name, change, ['seconds', 'uploadRate', 'downloadRate', 'attributes']);
    const answer = await this.ask(name, change);
    if (answer === undefined) return false;
    if (!answer.isDone)
      throw new GatehouseError(
        'RADIUS_COA',
        `${open.session.equipment} was to give ${name} other terms: ${answer.text}`,
        {
          hint: 'does it take CoA-Requests, with these attributes? gatehouse kick ends the session, and the next one gets what rules say',
        },
      );
    return true;
  }

  /** The same for who wants to know what the equipment says. Undefined: there is no such session. */
  async ask(name: string, change: SessionChange): Promise<ChangeAnswer | undefined> {
    const open = this.#open.get(name);
    if (open === undefined) return undefined;
    const { clock, changeTerms, journal } = this.#parts;
    const { session } = open;
    const { user, equipment } = session;
    const { attributes = [], by, seconds } = change;
    const answer = await changeTerms(session, [...attributes, ...termAttributes(change)]);
    const { text } = answer;
    const fields = { door: 'radius', user, session: name, client: equipment, answer: text, by };
    const unit = [auditChange(clock.now(), 'changed', { ...fields, terms: termsText(change) || undefined })];
    if (answer.isDone && seconds !== undefined && this.#open.get(name) === open) {
      session.ends = clock.now() + 1000 * seconds;
      unit.push(putSession(session));
    }
    await commit(journal, unit);
    return answer;
  }

  /** Puts out whose time is over. */
  sweep(): void {
    const now = this.#parts.clock.now();
    for (const open of this.#open.values()) {
      const { name, ends, heard } = open.session;
      if (now - heard > FORGOTTEN_MS) {
        this.#parts.journal.append(this.#leave(open, 'expired', now));
      } else if (ends > 0 && now >= ends + GRACE_MS && open.leaving === undefined)
        this.end(name, 'expired').catch(() => {});
    }
  }

  #enter({ at, ...session }: Report): Open {
    if (this.#open.size >= MOST)
      throw new GatehouseError('RADIUS_SESSIONS', `there are ${MOST} RADIUS sessions, and no room for more`);
    const open: Open = { session, announced: false, leaving: undefined };
    this.#put(open);
    return open;
  }

  #put(open: Open): void {
    const { name, user } = open.session;
    const before = this.#open.get(name);
    if (before !== undefined) this.#drop(before);
    this.#open.set(name, open);
    const own = this.#byUser.get(user);
    if (own === undefined) this.#byUser.set(user, new Set([open]));
    else own.add(open);
  }

  #drop(open: Open): void {
    const { name, user } = open.session;
    this.#open.delete(name);
    const own = this.#byUser.get(user);
    if (own?.delete(open) && own.size === 0) this.#byUser.delete(user);
  }

  #leave(open: Open, reason: EndReason, at: number): Change[] {
    const { session } = open;
    this.#drop(open);
    this.#ended.delete(session.name);
    this.#ended.set(session.name, { session, reason, ended: at });
    if (this.#ended.size > MOST_ENDED) this.#ended.delete(this.#ended.keys().next().value!);
    return [...this.#parts.gate.ended(startOf(session), reason, at, session), dropSession(session)];
  }

  /** `left`: those that end with it. What could not be written has not happened, and is told again. */
  async #write(unit: readonly Change[], left: readonly Open[]): Promise<void> {
    try {
      await commit(this.#parts.journal, unit);
    } catch (error) {
      for (const open of left) {
        this.#ended.delete(open.session.name);
        if (open.announced) this.#put(open);
      }
      throw error;
    }
  }
}

/** As equipment is told of them: its Session-Timeout counts from now, too. */
function termAttributes({ seconds, uploadRate, downloadRate }: SessionChange): Attribute[] {
  return [
    ...(seconds === undefined ? [] : [numberAttribute(ATTRIBUTE.sessionTimeout, seconds)]),
    ...(uploadRate === undefined ? [] : [vendorNumber(VENDOR_TERM.uploadRate, uploadRate)]),
    ...(downloadRate === undefined ? [] : [vendorNumber(VENDOR_TERM.downloadRate, downloadRate)]),
  ];
}

function vendorNumber([vendor, type]: readonly [number, number], number: number): Attribute {
  return vendorAttribute(vendor, type, numberBytes(number));
}

/** Counters only grow: a report that was overtaken says nothing new. */
function hear(session: RadiusSession, { heard, sent, received }: Report): void {
  session.heard = Math.max(session.heard, heard);
  session.sent = Math.max(session.sent, sent);
  session.received = Math.max(session.received, received);
}
