/**
 * How many bytes went over the line, as pppd says it when it ends: `Sent 160 bytes, received 96 bytes.` It says so where its log goes, which has to be
 * its standard error (`logfd 2`). Its counters are unsigned 32-bit integers.
 *
 * Source: pppd's print_link_stats.
 */
import type { Traffic } from '../../../core/gate/types.ts';

/** What the program sent is what the user received. Undefined: it says nothing of it. */
export function spokenTraffic(said: string): Traffic | undefined {
  const found = /^Sent (\d{1,15}) bytes, received (\d{1,15}) bytes\.$/m.exec(said);
  return found ? { sent: Number(found[2]), received: Number(found[1]) } : undefined;
}
