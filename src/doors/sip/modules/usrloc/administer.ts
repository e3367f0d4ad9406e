/**
 * Changes of bindings by an administrator or by the end of a session; durable when the promise resolves.
 *
 * Errors (rejections): CONTACT_INVALID, STORAGE_BUSY, STORAGE_UNAVAILABLE, STORAGE_REFUSED.
 */
import { ADMINISTRATION } from '../../../../core/admin/contact-tables.ts';
import type { Change, Waiter } from '../../../../core/journal/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import { parseUri } from '../../message/uri.ts';
import { Binding, type BindingName } from './binding.ts';
import type { LocationTable } from './table.ts';
import type { Turn } from './turns.ts';

/** The longest contact the SER tables hold. */
export const CONTACT_MAX = 255;

abstract class Administered<T> implements Turn, Waiter {
  readonly aor: string;
  nextTurn: Turn | undefined;
  readonly done: Promise<T>;
  protected readonly table: LocationTable;
  #resolve!: (value: T) => void;
  #reject!: (error: unknown) => void;

  constructor(table: LocationTable, aor: string) {
    this.table = table;
    this.aor = aor;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** What to write; empty: nothing is to be done. */
  protected abstract plan(): Change[];
  /** Changes memory after that was written. */
  protected abstract apply(): T;

  enter(): void {
    const { turns } = this.table;
    if (!turns.isTaken(this.aor)) {
      turns.hold(this);
      this.begin();
    } else if (!turns.queue(this)) {
      this.#reject(new GatehouseError('STORAGE_BUSY', `too many changes of ${this.aor} wait already`));
    }
  }

  begin(): void {
    if (!this.table.settings.readThrough) this.#change();
    else
      this.table.refresh(this.aor).then(
        () => this.#change(),
        (error) => this.settled(error),
      );
  }

  #change(): void {
    const unit = this.plan();
    const { journal } = this.table.services;
    if (this.table.settings.durable && unit.length > 0) {
      journal.append(unit, this);
      return;
    }
    if (unit.length > 0) journal.append(unit);
    this.settled(undefined);
  }

  settled(error: GatehouseError | undefined): void {
    if (error) this.#reject(error);
    else this.#resolve(this.apply());
    this.table.turns.finish(this);
  }

  protected refuse(error: GatehouseError): void {
    this.#reject(error);
  }
}

export class PutChange extends Administered<void> {
  readonly #candidate: Binding;
  #replaced: Binding | undefined;

  /** `expires` in milliseconds since the epoch, 0 = permanent; `q` 0..1 or -1. */
  constructor(table: LocationTable, aor: string, contact: string, options: { expires: number; q: number }) {
    super(table, aor);
    this.#candidate = new Binding(aor, {
      contact,
      received: null,
      path: null,
      expires: Math.ceil(options.expires / 1000),
      q: options.q < 0 ? -1 : Math.round(Math.min(options.q, 1) * 1000),
      callId: ADMINISTRATION,
      cseq: 1,
      userAgent: 'Gatehouse',
      socket: null,
      methods: null,
      flags: 0,
      branchFlags: 0,
      modified: table.seconds(),
      user: aor,
      client: '',
    });
    const fault =
      contact.length > CONTACT_MAX ? 'is longer than 255 bytes' : parseUri(contact) ? undefined : 'is no URI';
    if (fault === undefined) this.enter();
    else
      this.refuse(
        new GatehouseError('CONTACT_INVALID', `the contact ${fault}`, {
          hint: 'write it like sip:1000@192.0.2.7:5060',
        }),
      );
  }

  protected plan(): Change[] {
    const unit: Change[] = [];
    this.#replaced = this.table.find(this.aor, this.#candidate);
    this.table.storing(unit, this.#candidate, this.#replaced, this.table.settings.durable);
    return unit;
  }

  protected apply(): void {
    this.table.store(this.#candidate, this.#replaced);
  }
}

/** Without a contact: all of them. Without a Call-ID: all with this contact, of which there can be several. */
interface Which {
  readonly contact: string | undefined;
  readonly callId?: string;
}

export class RemoveChange extends Administered<number> {
  readonly #which: Which;
  readonly #reason: 'kicked' | 'removed';
  readonly #dropped: Binding[] = [];

  constructor(table: LocationTable, aor: string, which: Which, reason: 'kicked' | 'removed') {
    super(table, aor);
    this.#which = which;
    this.#reason = reason;
    this.enter();
  }

  protected plan(): Change[] {
    const unit: Change[] = [];
    for (let binding = this.table.first(this.aor); binding; binding = binding.next) {
      if (!this.#isMeant(binding)) continue;
      this.#dropped.push(binding);
      this.table.dropping(unit, binding, this.#reason, this.table.settings.durable);
    }
    for (const binding of this.#doubtful()) this.table.deleting(unit, binding);
    return unit;
  }

  protected apply(): number {
    for (const binding of this.#dropped) this.table.drop(binding);
    for (const binding of this.#doubtful()) this.table.doubts.settle(this.aor, binding);
    return this.#dropped.length;
  }

  /** Rows that may be there, although memory does not know them. */
  #doubtful(): readonly Binding[] {
    const all = this.table.doubts.of(this.aor);
    return all.length === 0 ? all : all.filter((binding) => this.#isMeant(binding));
  }

  #isMeant({ contact, callId }: BindingName): boolean {
    const { contact: wanted, callId: call } = this.#which;
    if (wanted !== undefined && contact !== wanted) return false;
    return call === undefined || !this.table.byCallId || callId === call;
  }
}
