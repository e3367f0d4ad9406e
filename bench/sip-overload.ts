/**
 * What is still done when twice as much is offered as can be done: the best rate is looked for first, then twice that comes for some
 * seconds, then half of it. Printed are what was done over the best rate (by the clock, and for each second of the server's CPU time, which
 * does not depend on what else the machine does), and after how many seconds nothing failed any more.
 *
 * `processors`: how many the server and the telephones had meanwhile. Where the two have less than there are, others had the rest.
 *
 * One line of JSON for registrations and one for calls, in memory. BENCH_FLOOD: seconds of overload; BENCH_TIMES: twice, or more;
 * BENCH_KINDS: `registration`, `call` or both.
 */

import { Flood, type FlowKind, type Tally } from '../test/peers/flood.ts';
import { bestRate, middle, type Offered, sum } from './best-rate.ts';
import { note } from './compare.ts';
import { DOMAIN, gatehouseInMemory, passwordOf, USERS, userName } from './contenders.ts';
import { ownCpuSeconds } from './processes.ts';
import { onStage } from './stage.ts';

const FLOOD_S = Number(process.env.BENCH_FLOOD ?? 10);
const TIMES = Number(process.env.BENCH_TIMES ?? 2);
/** Where the search for the best rate begins. */
const SEARCH: Readonly<Record<FlowKind, number>> = { registration: 8000, call: 2500 };
const STEP_S = 2;
const KEPT_UP = 0.98;
const KINDS = (process.env.BENCH_KINDS ?? 'registration,call').split(',') as FlowKind[];
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
    for (const kind of KINDS) {
      stage.check();
      console.log(JSON.stringify(await overload(flood, kind, server.server)));
    }
  });
}

/** What a stretch of load took of the machine. */
interface Measured {
  readonly tally: Tally;
  /** Flows done for each second of the server's CPU time. */
  readonly perCpuSecond: number;
  /** Processors that the server had, in all and in each second (NaN: nobody looked), and the telephones. */
  readonly server: number;
  readonly servers: readonly number[];
  readonly phones: number;
}

async function overload(flood: Flood, kind: FlowKind, pid: number): Promise<unknown> {
  const best = await bestRate(kind, SEARCH[kind], (rate) => step(flood, kind, rate, pid));
  const bestByCpu = middle(best.rates.map(({ perCpuSecond }) => perCpuSecond));
  const offered = Math.round(TIMES * best.perSecond);
  const { tally, ...meanwhile } = await measured(flood, kind, offered, FLOOD_S, pid);
  const after = await flood.run(kind, Math.round(best.perSecond / 2), AFTER_S);
  await flood.settle(20_000);
  const done = tally.done / tally.took;
  note(`${kind}s done/shed/failed, processors of the server in each second: ${outcomes(tally, meanwhile.servers)}`);
  return {
    name: `sip-overload-${kind}`,
    best: best.perSecond,
    offered,
    done: Math.round(done),
    ratio: rounded(done / best.perSecond, 3),
    ratioByCpu: rounded(meanwhile.perCpuSecond / bestByCpu, 3),
    recoveredAfterSeconds: after.seconds.findLastIndex(({ begun, done }) => done < KEPT_UP * begun) + 1,
    repeated: tally.repeated,
    processors: { server: rounded(meanwhile.server), telephones: rounded(meanwhile.phones) },
    atBest: best.rates.map(({ server, phones }) => ({ server: rounded(server), telephones: rounded(phones) })),
    meanwhile: count(tally),
    after: count(after),
  };
}

async function step(flood: Flood, kind: FlowKind, rate: number, pid: number): Promise<Offered<Measured>> {
  const one = await measured(flood, kind, rate, STEP_S, pid);
  const open = flood.flows.size;
  await flood.settle(20_000);
  return { tally: one.tally, open, rate: one };
}

async function measured(flood: Flood, kind: FlowKind, rate: number, seconds: number, pid: number): Promise<Measured> {
  /** By the second. A process that the machine keeps waiting misses one: it is left open. */
  const used = new Map([[0, ownCpuSeconds(pid)]]);
  const start = performance.now();
  const look = () => used.set(Math.round((performance.now() - start) / 1000), ownCpuSeconds(pid));
  const ownBefore = process.cpuUsage();
  const each = setInterval(look, 1000);
  const tally = await flood.run(kind, rate, seconds);
  clearInterval(each);
  const server = ownCpuSeconds(pid) - used.get(0)!;
  look();
  const own = process.cpuUsage(ownBefore);
  return {
    tally,
    perCpuSecond: tally.done / server,
    server: server / tally.took,
    servers: Array.from({ length: seconds }, (_, i) => used.get(i + 1)! - used.get(i)!),
    phones: (own.user + own.system) / 1e6 / tally.took,
  };
}

function count(tally: Tally): Readonly<Record<'done' | 'shed' | 'failed', number>> {
  return { done: sum(tally, 'done'), shed: sum(tally, 'shed'), failed: sum(tally, 'failed') };
}

function outcomes({ seconds }: Tally, servers: readonly number[]): string {
  return seconds.map(({ done, shed, failed }, i) => `${done}/${shed}/${failed} ${servers[i]!.toFixed(2)}`).join(', ');
}

function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
