/** What doors do for each other by telephone. Main wires it. */
import type { Account } from '../users/types.ts';

/** What other doors may ask of the one that can call: a number rings, and whoever answers has to log in. */
export interface CallBackDesk {
  /**
   * Calls a user of the gate back, at an alias of his own. `by` is what limits and the audit trail know the asker by.
   * False: the gate refused, or he is being called already; why is in the audit trail.
   */
  callBack(user: string, domain: string, to: string, by: string): Promise<boolean>;
}

/** Rings a user and asks for a key, by which he says himself whether somebody may come in as him. The door sip can. */
export interface KeyCaller {
  /** Telephones that this user has registered now. */
  telephones(account: Account): readonly Telephone[];
  /** Whether numbers can be called. */
  readonly callsNumbers: boolean;
  /**
   * Rings all of them at once, and asks the first one that answers; where nobody does, `instead` in what is left of the time. `signal`: the call is
   * not wanted any more. Never rejects.
   */
  ask(whom: readonly Callable[], signal: AbortSignal, instead?: readonly Callable[]): Promise<KeyAnswer>;
}

export interface Telephone {
  /** Contact URI. */
  readonly contact: string;
  /** Where it is sent to in place of the contact; absent: to the contact. */
  readonly received?: string | undefined;
  /** Route set that leads to it (Path of RFC 3327); absent: it is reached directly. */
  readonly path?: string | undefined;
  /** Address that it was registered from; empty: nobody knows any more. */
  readonly client: string;
}

export type Callable = { readonly telephone: Telephone } | { readonly number: string };

export type KeyAnswer =
  | 'admitted' // key 1
  | 'refused' // key 9: it was not he who wanted to come in
  | 'other-key'
  | 'no-key' // somebody answered, or a machine, and pressed nothing
  | 'no-answer'
  | 'busy'
  | 'declined'
  | 'hung-up'
  | 'no-sound' // what it answered cannot be spoken
  | 'loop' // it leads back to us
  | 'stopped'
  | 'failed';
