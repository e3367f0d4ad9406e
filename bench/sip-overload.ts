/**
 * What is still done when twice as much is offered as can be done: the best rate is looked for first, then twice that comes for some
 * seconds, then half of it. Printed are what was done over the best rate (by the clock, and for each second of the server's CPU time, which
 * does not depend on what else the machine does), and after how many seconds nothing failed any more.
 *
 * One line of JSON for registrations and one for calls, in memory. BENCH_FLOOD: seconds of overload; BENCH_TIMES: twice, or more.
 */

import { Flood, type FlowKind, type Second, type Tally } from '../test/peers/flood.ts';
import { note } from './compare.ts';
import { DOMAIN, gatehouseInMemory, passwordOf, USERS, userName } from './contenders.ts';
import { cpuSeconds } from './processes.ts';
import { onStage } from './stage.ts';

const FLOOD_S = Number(process.env.BENCH_FLOOD ?? 10);
const TIMES = Number(process.env.BENCH_TIMES ?? 2);
/** The search for the best rate: where it begins, how it goes on, and how much must be done of what is offered. */
const SEARCH: Readonly<Record<FlowKind, number>> = { registration: 4000, call: 1000 };
const STEP = 1.25;
const STEP_S = 2;
const KEPT_UP = 0.98;
/** The flows of a step's last tenths end after it. */
const BEGUN_LATE = 0.93;
const AFTER_S = 6;

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const server = await gatehouseInMemory(stage);
    const flood = await Flood.open({ target: server.target, domain: DOMAIN, users: USERS, userName, passwordOf });
    stage.after(async () => flood.close());
    note('sip-overload: registering everybody, warming up');
    await flood.run('registration', 2000, Math.ceil(USERS / 2000));
    await flood.settle(20_000);
    await flood.run('call', 300, 4);
    await flood.settle(20_000);
    for (const kind of ['registration', 'call'] as const) {
      stage.check();
      console.log(JSON.stringify(await overload(flood, kind, server.server)));
    }
  });
}

interface Rate {
  /** Flows done, per second by the clock and per second of the server's CPU time. */
  readonly clock: number;
  readonly cpu: number;
}

async function overload(flood: Flood, kind: FlowKind, pid: number): Promise<unknown> {
  const best = await bestRate(flood, kind, pid);
  await flood.settle(20_000);
  const offered = Math.round(TIMES * best.clock);
  const [meanwhile, rate] = await measured(flood, kind, offered, FLOOD_S, pid);
  const after = await flood.run(kind, Math.round(best.clock / 2), AFTER_S);
  await flood.settle(20_000);
  const ratio = (of: keyof Rate) => Number((rate[of] / best[of]).toFixed(3));
  note(`sip-overload: ${kind}s done/shed/failed of each second: ${outcomes(meanwhile.seconds)}`);
  return {
    name: `sip-overload-${kind}`,
    best: Math.round(best.clock),
    offered,
    done: Math.round(rate.clock),
    ratio: ratio('clock'),
    ratioByCpu: ratio('cpu'),
    recoveredAfterSeconds: after.seconds.findLastIndex(({ begun, done }) => done < KEPT_UP * begun) + 1,
    repeated: meanwhile.repeated,
    meanwhile: count(meanwhile.seconds),
    after: count(after.seconds),
  };
}

/** Offers more and more until it is not kept up with twice in a row; the most that was done in a step. */
async function bestRate(flood: Flood, kind: FlowKind, pid: number): Promise<Rate> {
  let best: Rate = { clock: 0, cpu: 0 };
  let missed = 0;
  for (let rate = SEARCH[kind]; missed < 2; rate = Math.round(rate * STEP)) {
    const [{ repeated }, done] = await measured(flood, kind, rate, STEP_S, pid);
    note(`sip-overload: ${rate} ${kind}s offered per second, ${Math.round(done.clock)} done, ${repeated} repeated`);
    if (done.clock > best.clock) best = done;
    missed = done.clock < BEGUN_LATE * rate ? missed + 1 : 0;
    await flood.settle(5000);
  }
  return best;
}

async function measured(
  flood: Flood,
  kind: FlowKind,
  rate: number,
  seconds: number,
  pid: number,
): Promise<[Tally, Rate]> {
  const before = cpuSeconds(pid);
  const tally = await flood.run(kind, rate, seconds);
  const used = cpuSeconds(pid) - before;
  return [tally, { clock: tally.done / tally.took, cpu: tally.done / used }];
}

function count(seconds: readonly Second[]): Omit<Second, 'begun'> {
  const sum = (of: keyof Second) => seconds.reduce((all, one) => all + one[of], 0);
  return { done: sum('done'), shed: sum('shed'), failed: sum('failed') };
}

function outcomes(seconds: readonly Second[]): string {
  return seconds.map(({ done, shed, failed }) => `${done}/${shed}/${failed}`).join(' ');
}
