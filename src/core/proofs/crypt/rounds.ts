/** Long computations in slices, so that nobody else waits for them: the event loop runs in between. */
import { setImmediate as turn } from 'node:timers/promises';

/** About half a millisecond of hashing. */
const SLICE = 256;

export async function inSlices(rounds: number, work: (round: number) => void): Promise<void> {
  for (let round = 0; round < rounds; ) {
    const end = Math.min(rounds, round + SLICE);
    while (round < end) work(round++);
    if (round < rounds) await turn();
  }
}
