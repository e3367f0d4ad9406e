/** What the modules of a script may use of the door and of core. Wired by door.ts, replaced by fakes in tests. */

import type { Contact, ContactTable } from '../../core/admin/contact-tables.ts';
import type { Gate } from '../../core/gate/types.ts';
import type { Journal } from '../../core/journal/types.ts';
import type { SerTables, SubscriberSpec } from '../../core/ser/types.ts';
import type { UserSource } from '../../core/users/types.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';
import type { TimerWheel } from '../../platform/timer-wheel.ts';
import type { DigestCounters } from './modules/auth/counters.ts';
import type { DigestRuleBook } from './modules/auth/digest-rules.ts';
import type { Run } from './run.ts';
import type { Transactions } from './transaction/types.ts';
import type { Transport } from './transport/types.ts';

export interface Services {
  readonly clock: Clock;
  readonly log: Log;
  readonly wheel: TimerWheel;
  readonly gate: Gate;
  readonly journal: Journal;
  readonly tables: SerTables;
  readonly transport: Transport;
  readonly transactions: Transactions;
  readonly relay: Relay;
  /** Who is `myself`: listen sockets and aliases. */
  readonly local: LocalNames;
  /** The database that a module's db_url means: a name for table specs. Errors: SER_DB_URL. */
  database(dbUrl: string): string;
  /** The users of a SER table: local users where the table is our own, the table's rows where it is attached. */
  userSource(spec: SubscriberSpec, options: { useDomain: boolean; calculateHa1: boolean }): Promise<UserSource>;
  /** Where the registrar shows its bindings to the door (sessions, administration). */
  readonly bindings: BindingRegistry;
  /** What modules keep while editions come and go, see modules/lasting.ts. */
  readonly lasting: Map<unknown, unknown>;
  /** What shall be done when the door stops, after the last message. */
  atEnd(task: () => void): void;
  /** Key material that is the same over restarts, for the purpose named. */
  derive(purpose: string): Buffer;
  readonly options: SipOptions;
  readonly digestCounters: DigestCounters;
}

export interface LocalNames {
  /** Host and port (0 = none given, means 5060) are ours. `host` in any case, IPv6 with or without brackets. */
  isMyself(host: string, port: number): boolean;
}

export interface Relay {
  /**
   * Forwards the run's request statefully to its Request-URI and branches (tm's t_relay): > 0 done or under way, < 0 nothing was
   * sent (`run.fail` says why), 0 an error reply was sent. May suspend for a name look-up.
   */
  relay(run: Run): number;
  /** Makes the run's transaction: 1; 0 where it is a retransmission, which is absorbed; -1 where there can be none (t_newtran). */
  begin(run: Run): number;
  /** Sends a copy of the request to another place, whatever becomes of it: 1, or -1 where it cannot be sent (t_replicate). */
  replicate(run: Run, uri: string): number;
}

/** What of the configuration the modules look at. */
export interface SipOptions {
  readonly preloadedRoute: 'pass' | 'challenge';
  readonly digest: DigestRuleBook;
  /** Of the script: where the relative names of further files begin. */
  readonly folder: string;
}

export interface BindingRegistry {
  add(table: LocationTableView): void;
}

/** One table of contacts in memory, as the door and administration see it. */
export interface LocationTableView extends ContactTable {
  bindings(aor: string): readonly BindingInfo[];
  /** Contacts, not AORs: those of now, and those that expired since the start. */
  readonly size: number;
  readonly expired: number;
  /** Removes this binding alone; gives how many that were, 0 or 1. Durable when the promise resolves. */
  end(aor: string, binding: BindingInfo, reason: 'kicked' | 'removed'): Promise<number>;
}

/** A contact, and the session that it is. */
export interface BindingInfo extends Contact {
  /** Session id, `sip:location:1000:1b2c3d4e`. */
  readonly session: string;
  /** Login that registered it, else the AOR. */
  readonly user: string;
  /** Path (RFC 3327), as a Route set; null: none. */
  readonly path: string | null;
  /** Address it was registered from; empty where that was before the last start. */
  readonly client: string;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly modified: number;
}
