/**
 * Which final response goes upstream when every branch has ended without a 2xx.
 *
 * RFC 3261 section 16.7 step 6 comes first: any 6xx wins; else the lowest class; within 4xx those that tell the client how to try again
 * (401, 407, 415, 420, 484). Where it leaves the choice, SER's rule holds: the lowest code; and a 487 of branches that we
 * cancelled ourselves comes last in its class. When the caller cancelled, 487 is the answer unless there was a 6xx.
 */
const TELLING = new Set([401, 407, 415, 420, 484]);

/** The lower the better. */
export function rank(status: number, cancelled: boolean): number {
  if (status >= 600) return status - 600;
  if (status === 487) return cancelled ? 100 : 4999;
  if (TELLING.has(status)) return 4000 + status - 400;
  const statusClass = Math.floor(status / 100);
  return statusClass * 1000 + 100 + (status - statusClass * 100);
}

/** The first of those that rank best. */
export function bestOf<T extends { readonly status: number }>(ended: readonly T[], cancelled: boolean): T {
  let best = ended[0]!;
  for (const one of ended) if (rank(one.status, cancelled) < rank(best.status, cancelled)) best = one;
  return best;
}
