/**
 * The best rate of a server: the highest offered one that it keeps up with. It is kept up with when nearly all are done, none has to be
 * repeated, and hardly any are open at the end of the step, so that no queue grows. That must be so twice, of three times at most: other work on
 * the machine shall not make a server look worse than it is, nor a lucky moment better.
 */
import type { FlowKind, Tally } from '../test/peers/flood.ts';
import { note } from './compare.ts';

const DONE = 0.99;
/** Seconds of flows that may be open at the end; a call rings for a twentieth. */
const OPEN_S = 0.15;
const TIMES = 2;
const MISSES = 2;
/** First in large steps, then in small ones between what was kept up with and what was not. */
const STRIDE = 1.25;
const CLOSE = 1.08;

export interface Offered<R> {
  readonly tally: Tally;
  /** Flows that were under way when the step ended. */
  readonly open: number;
  readonly rate: R;
}

export interface Best<R> {
  readonly perSecond: number;
  /** What was measured in the two times. */
  readonly rates: readonly R[];
}

/** `offer` waits until all flows have ended. */
export async function bestRate<R>(
  kind: FlowKind,
  start: number,
  offer: (rate: number) => Promise<Offered<R>>,
): Promise<Best<R>> {
  let best: Best<R> = { perSecond: 0, rates: [] };
  let missed = Number.POSITIVE_INFINITY;
  for (let rate = start; ; ) {
    const rates = await keptUp(kind, rate, offer);
    if (rates) best = { perSecond: rate, rates };
    else missed = rate;
    if (missed === Number.POSITIVE_INFINITY) rate = Math.round(rate * STRIDE);
    else if (best.perSecond === 0) rate = Math.round(rate / STRIDE);
    else if (missed / best.perSecond > CLOSE) rate = Math.round(Math.sqrt(missed * best.perSecond));
    else return best;
  }
}

async function keptUp<R>(
  kind: FlowKind,
  rate: number,
  offer: (rate: number) => Promise<Offered<R>>,
): Promise<R[] | undefined> {
  const rates: R[] = [];
  for (let missed = 0; missed < MISSES; ) {
    const { tally, open, rate: measured } = await offer(rate);
    const [begun, done] = [sum(tally, 'begun'), sum(tally, 'done')];
    const keeps = done >= DONE * begun && tally.repeated === 0 && open <= OPEN_S * rate;
    const how = `${done} of ${begun} done, ${tally.repeated} repeated, ${open} open at the end`;
    note(`${rate} ${kind}s offered per second: ${how}${keeps ? '' : ': not kept up with'}`);
    if (!keeps) missed++;
    else if (rates.push(measured) === TIMES) return rates;
  }
  return undefined;
}

export function sum({ seconds }: Tally, of: keyof Tally['seconds'][number]): number {
  return seconds.reduce((all, one) => all + one[of], 0);
}

export function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
}
