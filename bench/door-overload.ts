/**
 * `sip-overload` for the SIP door alone, without kernel and in a time of its own (door-time.ts): the best rate, what is done when twice that is
 * offered, and when half of it follows. Contacts are in memory. For machines that have other work, where the clock says little.
 *
 * What a processor does in a microsecond of its time changes with what others do on the machine, so the best rate is offered once more before each
 * round of overload, and the round's is the best rate as much higher or lower as a flow was cheaper or dearer than at first. The median counts.
 *
 * One line of JSON for registrations and one for calls. BENCH_FLOOD: seconds of overload; BENCH_TIMES: twice, or more; BENCH_BEST: best
 * rate, which is then not looked for; BENCH_KINDS: `registration`, `call` or both.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Flood, type FlowKind, type Tally } from '../test/peers/flood.ts';
import { DOMAIN, type SipLab, sipLab } from '../test/sip-lab.ts';
import { type Best, bestRate, middle, type Offered, sum } from './best-rate.ts';
import { note } from './compare.ts';
import { passwordOf, USERS, userName } from './contenders.ts';
import { DoorNet, DoorTime } from './door-time.ts';
import { onStage } from './stage.ts';

const FLOOD_S = Number(process.env.BENCH_FLOOD ?? 6);
const TIMES = Number(process.env.BENCH_TIMES ?? 2);
const BEST = Number(process.env.BENCH_BEST ?? 0);
const KINDS = (process.env.BENCH_KINDS ?? 'registration,call').split(',') as FlowKind[];
const SEARCH: Readonly<Record<FlowKind, number>> = { registration: 8000, call: 2500 };
const STEP_S = 2;
const ROUNDS = 3;
const AFTER_S = 4;
const SETTLE_MS = 20_000;

export async function run(): Promise<void> {
  await onStage(async (stage) => {
    const time = new DoorTime();
    const net = new DoorNet(time);
    const lab = await sipLab(stage, {
      script: script(),
      users: Object.fromEntries(Array.from({ length: USERS }, (_, i) => [userName(i), passwordOf(userName(i))])),
      transport: net,
      clock: time,
      rested: () => time.rested,
    });
    const flood = await Flood.open({
      target: net.target,
      domain: DOMAIN,
      users: USERS,
      userName,
      passwordOf,
      clock: time,
      open: net.open,
    });
    const stand = { time, net, lab, flood };
    note('door-overload: registering everybody, warming up');
    for (const [kind, rate, seconds] of [
      ['registration', 2000, 6],
      ['registration', 5000, 3],
      ['call', 500, 4],
    ] as const) {
      await offer(stand, kind, rate, seconds);
      await settle(stand);
    }
    for (const kind of KINDS) {
      stage.check();
      console.log(JSON.stringify(await overload(stand, kind)));
    }
  });
}

interface Stand {
  readonly time: DoorTime;
  readonly net: DoorNet;
  readonly lab: SipLab;
  readonly flood: Flood;
}

async function overload(stand: Stand, kind: FlowKind): Promise<unknown> {
  const first = BEST ? await given(stand, kind) : await bestRate(kind, SEARCH[kind], (rate) => step(stand, kind, rate));
  const cost = middle(first.rates);
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round(stand, kind, first.perSecond, cost));
  const all = (of: keyof Round) => rounds.map((one) => Number(one[of].toFixed(2)));
  return {
    name: `door-overload-${kind}`,
    best: first.perSecond,
    cost: Math.round(cost),
    offered: Math.round(TIMES * first.perSecond),
    ratio: Number(middle(rounds.map(({ ratio }) => ratio)).toFixed(3)),
    ratios: all('ratio'),
    best_in_rounds: all('best'),
    done: all('done'),
    shed: all('shed'),
    failed: all('failed'),
    repeated: all('repeated'),
    lost: all('lost'),
    after: all('after'),
  };
}

interface Round {
  /** As the machine is now; what was done of twice as much. */
  readonly best: number;
  readonly done: number;
  readonly ratio: number;
  readonly shed: number;
  readonly failed: number;
  readonly repeated: number;
  /** In the buffer. */
  readonly lost: number;
  /** Of what came afterwards, at half the best rate, the part that was done. */
  readonly after: number;
}

async function round(stand: Stand, kind: FlowKind, best: number, cost: number): Promise<Round> {
  const now = (best * cost) / (await step(stand, kind, Math.round(0.9 * best))).rate;
  const lostBefore = stand.net.lost;
  const meanwhile = await offer(stand, kind, Math.round(TIMES * now), FLOOD_S);
  const lost = stand.net.lost - lostBefore;
  const after = await offer(stand, kind, Math.round(now / 2), AFTER_S);
  await settle(stand);
  const done = meanwhile.done / meanwhile.took;
  note(`door-overload: best rate now ${Math.round(now)}, ${kind}s done/shed of each second: ${outcomes(meanwhile)}`);
  return {
    best: Math.round(now),
    done: Math.round(done),
    ratio: done / now,
    shed: sum(meanwhile, 'shed'),
    failed: sum(meanwhile, 'failed'),
    repeated: meanwhile.repeated,
    lost,
    after: sum(after, 'done') / sum(after, 'begun'),
  };
}

async function given(stand: Stand, kind: FlowKind): Promise<Best<number>> {
  const { rate } = await step(stand, kind, Math.round(0.9 * BEST));
  return { perSecond: BEST, rates: [rate] };
}

/** Its rate is the door's microseconds for a flow. */
async function step(stand: Stand, kind: FlowKind, rate: number): Promise<Offered<number>> {
  const { time, flood } = stand;
  const restedBefore = time.rested;
  const tally = await offer(stand, kind, rate, STEP_S);
  const open = flood.flows.size;
  const used = tally.took * 1000 - (time.rested - restedBefore);
  await settle(stand);
  return { tally, open, rate: (used * 1000) / tally.done };
}

async function offer(stand: Stand, kind: FlowKind, rate: number, seconds: number): Promise<Tally> {
  const load = stand.flood.load(kind, rate, seconds);
  while (load.advance()) await turn(stand);
  return load.tally();
}

async function settle(stand: Stand): Promise<void> {
  const { time, flood } = stand;
  const end = time.monotonic() + SETTLE_MS;
  while (flood.flows.size > 0 && time.monotonic() < end) await turn(stand);
}

/** One turn of the event loop: of the telephones, which costs nothing, then of the door. */
async function turn({ time, net, lab, flood }: Stand): Promise<void> {
  flood.wheel.advance();
  net.deliver();
  time.begin();
  lab.wheel.advance();
  const hasRead = net.read();
  await new Promise((resolve) => setImmediate(resolve));
  time.end();
  if (hasRead || lab.read('gatehouse_sip_deferred') > 0) return;
  // Whoever waits for storage waits in real time.
  if (lab.read('gatehouse_sip_waiting') > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  else time.rest(0.5);
}

function outcomes({ seconds }: Tally): string {
  return seconds.map(({ done, shed }) => `${done}/${shed}`).join(' ');
}

function script(): string {
  return readFileSync(join(import.meta.dirname, '..', 'test', 'fixtures', 'ser', 'quickstart.cfg'), 'utf8')
    .replace(/^.*_db_url=.*$|^.*"db_url".*$/gm, '')
    .replace('"db_mode", 2', '"db_mode", 0')
    .replace('sl_send_reply("100", "Trying");', '');
}
