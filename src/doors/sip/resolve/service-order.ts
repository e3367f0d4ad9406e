/**
 * In which order the servers of a service are tried: by priority, and within one by chance, as often first as their weights say.
 *
 * Chance here is the Call-ID: the same one gives the same order, so that all requests of a call go to the same server.
 * Source: RFC 2782, "Usage rules".
 */
import type { ServiceRecord } from './records.ts';

export function orderServices(records: readonly ServiceRecord[], callId: string): readonly ServiceRecord[] {
  if (records.length < 2) return records;
  // Those without weight stand first in their priority, where only a zero finds them.
  const left = records.toSorted((a, b) => a.priority - b.priority || Math.sign(a.weight) - Math.sign(b.weight));
  const ordered: ServiceRecord[] = [];
  let state = hash(callId);
  while (left.length > 0) {
    const { priority } = left[0]!;
    let same = 0;
    let total = 0;
    for (const one of left) {
      if (one.priority !== priority) break;
      same++;
      total += one.weight;
    }
    state = mixed(state + 0x6d2b79f5);
    let at = 0;
    if (total === 0) at = (state >>> 0) % same;
    else for (let rest = (state >>> 0) % (total + 1); rest > left[at]!.weight; at++) rest -= left[at]!.weight;
    ordered.push(...left.splice(at, 1));
  }
  return ordered;
}

/** Spreads neighbouring numbers over all 32 bits (the finalizer of MurmurHash 3). */
function mixed(number: number): number {
  let h = number | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** FNV-1a. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}
