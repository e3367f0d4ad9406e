/**
 * One contact of one address of record, as it lies in memory: small whole numbers and texts of its own, no text that holds
 * a message alive.
 *
 * Units: `expires`, `modified` and `started` are seconds since the epoch, so that they stay small integers for V8; `expires` 0 =
 * permanent. `q` is in thousandths, -1 = none.
 */
import type { BindingRow } from '../../../../core/ser/types.ts';
import { detach } from '../../message/message.ts';

/** `expires` of a binding that a request wants removed. */
export const REMOVE = -1;

/** In the flags of a binding: the telephone is behind a NAT (SER's FL_NAT). */
export const NATTED = 1;

/** What tells the bindings of an address of record apart; whether the Call-ID counts is for their table to say. */
export interface BindingName {
  readonly contact: string;
  readonly callId: string;
}

export interface BindingValues {
  contact: string;
  received: string | null;
  path: string | null;
  expires: number;
  q: number;
  callId: string;
  cseq: number;
  userAgent: string;
  socket: string | null;
  methods: number | null;
  flags: number;
  branchFlags: number;
  modified: number;
  user: string;
  client: string;
}

export class Binding implements BindingValues {
  contact: string;
  received: string | null;
  path: string | null;
  expires: number;
  q: number;
  callId: string;
  cseq: number;
  userAgent: string;
  /** Name of the socket it was registered over. */
  socket: string | null;
  methods: number | null;
  /** SER's mark NATTED, and the branch flags of OpenSER, as they were when it was registered. */
  flags: number;
  branchFlags: number;
  modified: number;
  /** Login that registered it, else the AOR. */
  user: string;
  /** Address it was registered from. */
  client: string;

  /** The following ones are the table's: the AOR, when the session began, the next binding of the AOR. */
  aor: string;
  started: number;
  next: Binding | undefined;
  /** Place in the expiry wheel, -1 = none. */
  slot = -1;
  later: Binding | undefined;
  earlier: Binding | undefined;

  /** The texts are taken as they are. contact, received, path and callId may still be slices of a message. */
  constructor(aor: string, values: BindingValues) {
    this.aor = aor;
    this.contact = values.contact;
    this.received = values.received;
    this.path = values.path;
    this.expires = values.expires;
    this.q = values.q;
    this.callId = values.callId;
    this.cseq = values.cseq;
    this.userAgent = values.userAgent;
    this.socket = values.socket;
    this.methods = values.methods;
    this.flags = values.flags;
    this.branchFlags = values.branchFlags;
    this.modified = values.modified;
    this.user = values.user;
    this.client = values.client;
    this.started = values.modified;
    this.next = undefined;
    this.later = undefined;
    this.earlier = undefined;
  }

  validAt(seconds: number): boolean {
    return this.expires === 0 || this.expires > seconds;
  }

  /** Whether the candidate differs at most in what every refresh changes: Call-ID, CSeq and times. */
  isRefreshedBy(candidate: Binding): boolean {
    return (
      this.contact === candidate.contact &&
      this.received === candidate.received &&
      this.path === candidate.path &&
      this.q === candidate.q &&
      this.userAgent === candidate.userAgent &&
      this.socket === candidate.socket &&
      this.methods === candidate.methods &&
      this.flags === candidate.flags &&
      this.branchFlags === candidate.branchFlags
    );
  }

  /** Whether the other says what this one does: what a row holds, not whose it is here. */
  isAsOf(row: Binding): boolean {
    return (
      this.isRefreshedBy(row) &&
      this.callId === row.callId &&
      this.cseq === row.cseq &&
      this.expires === row.expires &&
      this.modified === row.modified
    );
  }

  /** Takes the values of a refresh; a text that did not change is kept, so that none need be copied as a rule. */
  refresh(from: Binding): void {
    if (this.received !== from.received) this.received = own(from.received);
    if (this.path !== from.path) this.path = own(from.path);
    if (this.callId !== from.callId) this.callId = detach(from.callId);
    if (this.userAgent !== from.userAgent) this.userAgent = from.userAgent;
    this.client = from.client;
    this.expires = from.expires;
    this.q = from.q;
    this.cseq = from.cseq;
    this.socket = from.socket;
    this.methods = from.methods;
    this.flags = from.flags;
    this.branchFlags = from.branchFlags;
    this.modified = from.modified;
    this.user = from.user;
  }

  /** Lets go of the message the texts came in. */
  detach(): this {
    this.contact = detach(this.contact);
    this.received = own(this.received);
    this.path = own(this.path);
    this.callId = detach(this.callId);
    return this;
  }
}

function own(text: string | null): string | null {
  return text === null ? null : detach(text);
}

/** At its last `@` when the table has domains. */
export function splitAor(aor: string, useDomain: boolean): { username: string; domain: string } {
  const at = useDomain ? aor.lastIndexOf('@') : -1;
  return { username: at < 0 ? aor : aor.slice(0, at), domain: at < 0 ? '' : aor.slice(at + 1) };
}

export function toRow(binding: Binding, useDomain: boolean): BindingRow {
  return {
    ...splitAor(binding.aor, useDomain),
    contact: binding.contact,
    received: binding.received,
    path: binding.path,
    expires: binding.expires * 1000,
    q: binding.q < 0 ? -1 : binding.q / 1000,
    callId: binding.callId,
    cseq: binding.cseq,
    flags: binding.flags,
    branchFlags: binding.branchFlags,
    userAgent: binding.userAgent,
    socket: binding.socket,
    methods: binding.methods,
    modified: binding.modified * 1000,
  };
}

/** The row's texts belong to nobody else and need no copy. */
export function fromRow(aor: string, row: BindingRow): Binding {
  return new Binding(aor, {
    contact: row.contact,
    received: row.received,
    path: row.path,
    expires: Math.ceil(row.expires / 1000),
    q: row.q < 0 ? -1 : Math.round(row.q * 1000),
    callId: row.callId,
    cseq: row.cseq,
    userAgent: row.userAgent,
    socket: row.socket,
    methods: row.methods,
    flags: row.flags & NATTED,
    branchFlags: row.branchFlags | 0,
    modified: Math.floor(row.modified / 1000),
    user: aor,
    client: '',
  });
}
