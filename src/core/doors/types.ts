/** The face that every door shows, so that main can start, ask and stop them all alike. */
import type { Attribute } from '../../platform/radius/attributes.ts';
import type { EndReason } from '../gate/types.ts';

export interface Door {
  readonly name: string;
  /** Opens its listeners. Throws a GatehouseError when one cannot be opened; nothing stays open then. */
  start(): Promise<void>;
  /** Stops taking in new work, finishes what runs, and gives up after `withinMs`. */
  stop(withinMs: number): Promise<void>;
  /** What listens where, for the start message. */
  listeners(): Listener[];
  health(): HealthItem[];
  sessions(filter?: { user?: string }): Iterable<SessionInfo>;
  /** Ends the session; false: not one of this door's. */
  end(session: string, reason: EndReason): Promise<boolean>;
  /**
   * Gives a session that is open other terms, all of them or none; false: not one of this door's. Absent: its sessions have no terms that could be
   * changed. Errors: SESSION_TERMS, before anything is changed.
   */
  change?(session: string, change: SessionChange): Promise<boolean>;
}

/** Other terms for a session that is open; what is absent stays as it was. */
export interface SessionTerms {
  /** It ends so long from now. */
  readonly seconds?: number | undefined;
  /** Bytes that the client may send and receive in all, what it had already among them; 0: no limit. */
  readonly upload?: number | undefined;
  readonly download?: number | undefined;
  /** Bits in a second; 0: no limit. */
  readonly uploadRate?: number | undefined;
  readonly downloadRate?: number | undefined;
}

export interface SessionChange extends SessionTerms {
  /** Who wants it, as the audit trail says. */
  readonly by: string;
  /** What network equipment is told besides (RFC 5176 section 2.2). */
  readonly attributes?: readonly Attribute[];
}

/** A changed configuration that was found good and is ready. */
export interface PreparedChange {
  readonly waiting: readonly WaitingChange[];
  /** Options that are in force then, where other files than gatehouse.yaml may say them. */
  readonly changed?: readonly string[];
  /** Puts the rest in force; this cannot fail. */
  adopt(): void;
}

/** What a changed configuration says, but only the next start can do. */
export interface WaitingChange {
  /** The option, parameter or setting. */
  readonly what: string;
  /** `file:line`; undefined where nothing says it any more. */
  readonly where?: string | undefined;
}

export interface Listener {
  readonly door: string;
  /** `sip udp`, `http` … */
  readonly what: string;
  readonly address: string;
  readonly port: number;
}

export interface HealthItem {
  readonly code: string;
  readonly severity: 'ok' | 'warning' | 'error';
  readonly text: string;
  /** Since when it is so, milliseconds since the epoch. */
  readonly since?: number;
}

export interface SessionInfo {
  readonly session: string;
  readonly door: string;
  readonly user: string;
  readonly client: string;
  /** Milliseconds since the epoch; `expires` 0 = no end. */
  readonly started: number;
  readonly expires: number;
  /** What the door has to say of it, e.g. contact and user agent. */
  readonly detail: Readonly<Record<string, string | number>>;
}
