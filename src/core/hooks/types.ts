/**
 * What external programs and servers are asked before a session opens, and told when one has opened or ended (docs/hooks.md).
 * Times are milliseconds since the epoch.
 */
import type { Terms } from '../gate/terms.ts';

/** A session, to be or in being. */
export interface HookedSession {
  readonly door: string;
  /** Login with domain where it has one. */
  readonly user: string;
  /** Address, MAC or line. */
  readonly client: string;
  readonly session: string;
  readonly started: number;
}

export type SessionEvent =
  | ({ readonly event: 'opened' } & HookedSession)
  | ({ readonly event: 'ended'; readonly ended: number; readonly reason: string } & HookedSession);

export type HookAnswer =
  | { readonly admitted: true; readonly terms: Terms }
  /** `reason` empty: it just said no. */
  | { readonly admitted: false; readonly reason: string };

/** One program or server. Errors of both: HOOK_FAILED, it could not be asked or told, or said what is no answer. */
export interface Hook {
  ask(session: HookedSession, withinMs: number): Promise<HookAnswer>;
  tell(event: SessionEvent, withinMs: number): Promise<void>;
  /** Lets go of its connections. */
  close(): void;
}
