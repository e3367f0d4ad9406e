/**
 * `sip-overload` for the SIP door alone, without kernel and in a time of its own (door-time.ts): the best rate, what is done when twice that is
 * offered, and when half of it follows. Contacts are in memory. For machines that have other work, where the clock says little.
 *
 * One line of JSON for registrations and one for calls. BENCH_FLOOD: seconds of overload; BENCH_TIMES: twice, or more; BENCH_BEST: best
 * rate, which is then not looked for; BENCH_KINDS: `registration`, `call` or both.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Flood, type FlowKind, type Second, type Tally } from '../test/peers/flood.ts';
import { DOMAIN, type SipLab, sipLab } from '../test/sip-lab.ts';
import { note } from './compare.ts';
import { passwordOf, USERS, userName } from './contenders.ts';
import { DoorNet, DoorTime } from './door-time.ts';
import { onStage } from './stage.ts';

const FLOOD_S = Number(process.env.BENCH_FLOOD ?? 6);
const TIMES = Number(process.env.BENCH_TIMES ?? 2);
const BEST = Number(process.env.BENCH_BEST ?? 0);
const KINDS = (process.env.BENCH_KINDS ?? 'registration,call').split(',') as FlowKind[];
const SEARCH: Readonly<Record<FlowKind, number>> = { registration: 8000, call: 2500 };
const STEP = 1.15;
const STEP_S = 2;
/** Of what is offered in a step so much is done in it at the best rate. */
const KEPT_UP = 0.93;
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
  const best = BEST || (await bestRate(stand, kind));
  await settle(stand);
  const offered = Math.round(TIMES * best);
  const { net } = stand;
  const lostBefore = net.lost;
  const meanwhile = await offer(stand, kind, offered, FLOOD_S);
  const lost = net.lost - lostBefore;
  const after = await offer(stand, kind, Math.round(best / 2), AFTER_S);
  await settle(stand);
  const done = meanwhile.done / meanwhile.took;
  return {
    name: `door-overload-${kind}`,
    best: Math.round(best),
    offered,
    done: Math.round(done),
    ratio: Number((done / best).toFixed(3)),
    shed: sum(meanwhile.seconds, 'shed'),
    failed: sum(meanwhile.seconds, 'failed'),
    repeated: meanwhile.repeated,
    lost,
    after: after.seconds.map(({ begun, done }) => `${done}/${begun}`),
  };
}

async function bestRate(stand: Stand, kind: FlowKind): Promise<number> {
  let best = 0;
  for (let rate = SEARCH[kind], missed = 0; missed < 2; rate = Math.round(rate * STEP)) {
    const tally = await offer(stand, kind, rate, STEP_S);
    const done = tally.done / tally.took;
    note(
      `door-overload: ${rate} ${kind}s offered per second, ${Math.round(done)} done, ${tally.repeated} repeated, ${sum(tally.seconds, 'shed')} turned away`,
    );
    best = Math.max(best, done);
    if (done < KEPT_UP * rate) missed++;
    else missed = 0;
    await settle(stand);
  }
  return best;
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

function sum(seconds: readonly Second[], of: keyof Second): number {
  return seconds.reduce((all, one) => all + one[of], 0);
}

function script(): string {
  return readFileSync(join(import.meta.dirname, '..', 'test', 'fixtures', 'ser', 'quickstart.cfg'), 'utf8')
    .replace(/^.*_db_url=.*$|^.*"db_url".*$/gm, '')
    .replace('"db_mode", 2', '"db_mode", 0')
    .replace('sl_send_reply("100", "Trying");', '');
}
