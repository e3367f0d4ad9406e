/** What every transaction shares: sockets, timers, counters, and the layer that it leaves in the end. */
import type { TimerWheel } from '../../../platform/timer-wheel.ts';
import type { Transport } from '../transport/types.ts';
import type { Budget } from './budget.ts';
import type { ClientTransaction, TransactionStats } from './types.ts';

/** RFC 3261 section 17, table 4; milliseconds. */
export interface TimerValues {
  /** Estimate of the round trip; A, E and G begin with it; B, F, H, J, L and M are 64 times as long. */
  readonly t1: number;
  /** Longest pause between repeated non-INVITE requests and INVITE responses. */
  readonly t2: number;
  /** How long a message may stay in the network: I and K. */
  readonly t4: number;
  /** Wait for repeated final responses to an INVITE. */
  readonly d: number;
}

export const RFC_TIMERS: TimerValues = { t1: 500, t2: 4_000, t4: 5_000, d: 32_000 };

/** TransactionStats while they change. */
export type Counts = { -readonly [K in keyof TransactionStats]: TransactionStats[K] };

export interface TransactionHost {
  readonly transport: Transport;
  readonly wheel: TimerWheel;
  readonly timers: TimerValues;
  readonly counts: Counts;
  readonly budget: Budget;
  /** Sends the CANCEL as a transaction of its own. */
  sendCancel(invite: ClientTransaction): void;
  clientEnded(client: ClientTransaction): void;
  serverEnded(server: { readonly key: string; readonly branchHash: number }): void;
  /** Something that must not throw did: told, and survived. */
  failed(error: unknown): void;
}

/** Timer.kind: the one that repeats messages (A, E, G) and the one that ends a state (all others). */
export const REPEAT = 0;
export const LIFETIME = 1;
