/** Appends a unit and waits until it is durable: for administration, never for a door's messages. */
import type { Change, Journal } from './types.ts';

/** Errors: those that the journal hands to a waiter. */
export function commit(journal: Journal, unit: readonly Change[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  journal.append(unit, { settled: (error) => (error ? reject(error) : resolve()) });
  return promise;
}
