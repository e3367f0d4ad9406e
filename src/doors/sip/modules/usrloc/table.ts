/**
 * One table of contacts: memory, expiry, and what the journal is told. Memory is changed only after what it shows is durable; who
 * changes an AOR holds its turn until then.
 *
 * Source: RFC 3261 section 10.3 for what a binding is; SER's usrloc for the rest.
 */
import type { EndReason, SessionStart } from '../../../../core/gate/types.ts';
import type { Change } from '../../../../core/journal/types.ts';
import type { BindingRow, LocationSpec } from '../../../../core/ser/types.ts';
import { Timer, type TimerOwner } from '../../../../platform/timer-wheel.ts';
import { detach } from '../../message/message.ts';
import type { Services } from '../../services.ts';
import { aorKey } from './aor.ts';
import { type Binding, type BindingName, fromRow, splitAor, toRow } from './binding.ts';
import { Contacts } from './contacts.ts';
import { Doubts } from './doubts.ts';
import { ExpiryRing } from './expiry.ts';
import { sessionId } from './sessions.ts';
import { type Turn, Turns } from './turns.ts';

const SWEEP_MS = 1000;
/** Pause between two pieces of a sweep that found more than one piece's work. */
const SWEEP_AGAIN_MS = 20;
/** User agents and socket names kept once; a phone fleet has some dozens. */
const SHARED_TEXTS = 2000;

export interface TableSettings {
  readonly spec: LocationSpec;
  /** Bindings are rows of the database too (db_mode 1, 2, 3). */
  readonly durable: boolean;
  /** The rows decide, since others write them too: memory only shows what was last read (db_mode 3). */
  readonly readThrough: boolean;
  readonly useDomain: boolean;
  readonly caseSensitive: boolean;
  readonly newestFirst: boolean;
}

export type TableServices = Pick<Services, 'clock' | 'wheel' | 'gate' | 'journal' | 'log' | 'tables'>;

export class LocationTable implements TimerOwner {
  readonly name: string;
  readonly settings: TableSettings;
  readonly services: TableServices;
  readonly turns = new Turns();
  readonly doubts: Doubts;
  readonly #contacts: Contacts;
  readonly #ring: ExpiryRing;
  readonly #timer = new Timer(this);
  readonly #shared = new Map<string, string>();
  /** Contacts that expired since the start. */
  expired = 0;

  constructor(settings: TableSettings, services: TableServices) {
    this.name = settings.spec.table;
    this.settings = settings;
    this.services = services;
    this.doubts = new Doubts(this.byCallId);
    this.#contacts = new Contacts(settings.newestFirst, this.byCallId);
    this.#ring = new ExpiryRing(this.seconds(), (binding) => this.#expired(binding));
  }

  /** Contacts that differ by their Call-IDs alone are two (matching_mode 1). */
  get byCallId(): boolean {
    return this.settings.spec.byCallId ?? false;
  }

  /** Begins to sweep out what expires. */
  run(): void {
    this.services.wheel.start(this.#timer, SWEEP_MS);
  }

  onTimer(): void {
    const done = this.#ring.advance(this.seconds());
    this.services.wheel.start(this.#timer, done ? SWEEP_MS : SWEEP_AGAIN_MS);
  }

  /** Now, in whole seconds since the epoch. */
  seconds(): number {
    return Math.floor(this.services.clock.now() / 1000);
  }

  /** Fills the table. A WebSocket of before the start is gone, and nobody can connect to its contact: that has expired. */
  load(rows: readonly BindingRow[]): void {
    const now = this.seconds();
    for (const row of rows) {
      const aor = this.aorOf(row);
      if (this.#contacts.find(aor, row)) continue;
      const binding = fromRow(aor, row);
      binding.userAgent = this.share(row.userAgent);
      if (row.socket !== null) binding.socket = this.share(row.socket);
      if (row.socket?.startsWith('ws')) binding.expires = Math.min(binding.expires || now, now);
      this.#contacts.insert(binding);
      this.#ring.place(binding);
    }
  }

  get size(): number {
    return this.#contacts.size;
  }

  aors(): Iterable<string> {
    return this.#contacts.aors();
  }

  /** The best binding of the AOR; the others follow by `next`, expired ones among them. */
  first(aor: string): Binding | undefined {
    return this.#contacts.first(aor);
  }

  find(aor: string, name: BindingName): Binding | undefined {
    return this.#contacts.find(aor, name);
  }

  /** What the database holds of the AOR now; for one request. Rejects with what kept it from being read. */
  async read(aor: string): Promise<Contacts> {
    const { spec, useDomain } = this.settings;
    const { tables, clock } = this.services;
    const { username, domain } = splitAor(aor, useDomain);
    return this.contactsOf(aor, await tables.readBindings(spec, username, domain, clock.now()));
  }

  /** Of rows of the same binding, which tables with keys of their own can hold, the newest counts. */
  contactsOf(aor: string, rows: readonly BindingRow[]): Contacts {
    const contacts = new Contacts(this.settings.newestFirst, this.byCallId);
    for (const row of rows) {
      if (this.aorOf(row) !== aor) continue; // collations find more than what is equal
      const binding = fromRow(aor, row);
      const other = contacts.find(aor, row);
      if (other && other.modified > binding.modified) continue;
      if (other) contacts.remove(other);
      contacts.insert(binding);
    }
    return contacts;
  }

  aorOf({ username, domain }: BindingRow): string {
    const { useDomain, caseSensitive } = this.settings;
    return aorKey(username, useDomain ? domain : '', caseSensitive);
  }

  /** Brings memory up to what the database holds of the AOR; for who holds its turn. */
  async refresh(aor: string): Promise<void> {
    this.take(aor, (await this.read(aor)).first(aor));
  }

  /** Makes memory show these bindings of the AOR, which were just read, and no others. */
  take(aor: string, first: Binding | undefined): void {
    const gone = new Set<Binding>();
    for (let at = this.first(aor); at; at = at.next) gone.add(at);
    for (let at = first, next = at?.next; at; at = next, next = at?.next) {
      const known = this.find(aor, at);
      if (known) gone.delete(known);
      if (known?.isAsOf(at)) continue;
      at.userAgent = this.share(at.userAgent);
      if (known) {
        at.user = known.user;
        at.client = known.client;
      }
      this.store(at, known);
    }
    const now = this.seconds();
    for (const binding of gone) this.#forget(binding, binding.validAt(now) ? 'removed' : 'expired', false);
  }

  /** The key of an AOR as people write it: with a domain although this table has none, or in any case. */
  keyOf(aor: string): string {
    const { useDomain, caseSensitive } = this.settings;
    const whole = aorKey(aor, '', caseSensitive);
    if (useDomain || this.#contacts.first(whole)) return whole;
    const at = whole.lastIndexOf('@');
    return at > 0 ? whole.slice(0, at) : whole;
  }

  /** Adds to the unit what storing the candidate means. `replaced`: the binding it refreshes. */
  storing(unit: Change[], candidate: Binding, replaced: Binding | undefined, rows: boolean): void {
    if (rows) {
      const { spec, useDomain } = this.settings;
      const refresh = replaced?.isRefreshedBy(candidate) ?? false;
      unit.push({ kind: 'put-binding', table: spec, row: toRow(candidate, useDomain), refresh });
    }
    if (replaced === undefined)
      for (const change of this.services.gate.opened(this.session(candidate))) unit.push(change);
  }

  /** Adds to the unit what dropping the binding means. */
  dropping(unit: Change[], binding: Binding, reason: EndReason, rows: boolean): void {
    if (rows) this.deleting(unit, binding);
    const time = this.services.clock.now();
    for (const change of this.services.gate.ended(this.session(binding), reason, time)) unit.push(change);
  }

  /** Adds to the unit that the binding's row goes, if there is one. */
  deleting(unit: Change[], binding: Binding): void {
    const { username, domain, contact, callId } = toRow(binding, this.settings.useDomain);
    unit.push({ kind: 'delete-binding', table: this.settings.spec, username, domain, contact, callId });
  }

  /** Puts the candidate into memory, or its values into the binding it refreshes. */
  store(candidate: Binding, replaced: Binding | undefined): void {
    if (replaced) {
      replaced.refresh(candidate);
      this.#contacts.reorder(replaced);
      this.#ring.place(replaced);
      return;
    }
    candidate.detach();
    this.doubts.settle(candidate.aor, candidate);
    candidate.aor = this.#contacts.first(candidate.aor)?.aor ?? detach(candidate.aor);
    this.#contacts.insert(candidate);
    this.#ring.place(candidate);
  }

  drop(binding: Binding): void {
    this.#contacts.remove(binding);
    this.#ring.remove(binding);
  }

  session(binding: Binding): SessionStart {
    return {
      door: 'sip',
      session: this.sessionOf(binding.aor, binding),
      user: binding.user,
      client: binding.client,
      time: binding.started * 1000,
    };
  }

  /** Id of the session that the binding is. */
  sessionOf(aor: string, { contact, callId }: BindingName): string {
    return sessionId(this.name, aor, this.byCallId ? `${contact} ${callId}` : contact);
  }

  /** The one copy of a text that many bindings have in common. */
  share(text: string): string {
    const known = this.#shared.get(text);
    if (known !== undefined) return known;
    const own = detach(text);
    if (this.#shared.size < SHARED_TEXTS) this.#shared.set(own, own);
    return own;
  }

  /** Ends a binding, and deletes its row if `rows` says so. */
  #forget(binding: Binding, reason: EndReason, rows: boolean): void {
    this.drop(binding);
    if (reason === 'expired') this.expired++;
    const unit: Change[] = [];
    this.dropping(unit, binding, reason, rows);
    if (unit.length > 0) this.services.journal.append(unit);
  }

  /** Another server may have refreshed what expires here. */
  #lookAgain(aor: string): void {
    const turn: Turn = { aor, nextTurn: undefined, begin: () => {} };
    this.turns.hold(turn);
    this.refresh(aor)
      .catch(() => this.#forgetExpired(aor))
      .then(() => this.turns.finish(turn));
  }

  /** While the database is away they are gone as far as is known here; if they are not, the next reading brings them back. */
  #forgetExpired(aor: string): void {
    const now = this.seconds();
    for (let at = this.first(aor), next = at?.next; at; at = next, next = at?.next) {
      if (!at.validAt(now)) this.#forget(at, 'expired', false);
    }
  }

  /** A change of this AOR is on its way to the disk: whether the binding ends is for that one to say. */
  #expired(binding: Binding): boolean {
    if (this.turns.isTaken(binding.aor)) return false;
    if (this.settings.readThrough) {
      this.#lookAgain(binding.aor);
      return false;
    }
    this.#forget(binding, 'expired', this.settings.durable);
    return true;
  }
}
