import type { RefusalReason } from './types.ts';

/** What the gate did since the start, for metrics. */
export interface GateStats {
  proven: number;
  /** Right, but with a nonce that has expired. */
  expired: number;
  /** Refusals that nothing was said about. */
  silent: number;
  /** Challenges given out. */
  challenged: number;
  readonly refused: Record<RefusalReason, number>;
}

export function newGateStats(): GateStats {
  return {
    proven: 0,
    expired: 0,
    silent: 0,
    challenged: 0,
    refused: {
      'unknown-user': 0,
      'wrong-proof': 0,
      replayed: 0,
      locked: 0,
      policy: 0,
      'new-place': 0,
      slowed: 0,
      unavailable: 0,
      'not-sent': 0,
      'not-admitted': 0,
    },
  };
}
