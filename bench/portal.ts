/**
 * The Wi-Fi door in a network of its own (test/peers/portal-lab.ts): redirects, logins without and with a BinAuth program, pages while
 * such a program hangs, and what its firewall costs forwarded packets. A crowd of macvlans on one veth are the clients, and one
 * process is all of them. Load, server and kernel share the processors. Each line of JSON is one measurement; wants root, nftables,
 * iproute2 and, for the last, iperf3.
 *
 * The peer is not run here: figures of nodogsplash 4.5.1, measured elsewhere, stand in docs/measurements.md.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { admission } from '../src/doors/portal/firewall/elements.ts';
import { endWith, folderFor } from '../test/peers/children.ts';
import { type Instance, makeSite } from '../test/peers/gatehouse.ts';
import { type Lab, startLab, WEB } from '../test/peers/portal-lab.ts';
import type { CrowdOrder } from './portal-crowd.ts';
import { cpuSeconds } from './processes.ts';
import { onStage, type Stage } from './stage.ts';

const CLIENTS = 300;
const ROUNDS = 3;
const REDIRECT_SECONDS = 6;
const AT_ONCE = 48;
const PAGES = 400;
const HANGING = 8;
const FORWARD_SECONDS = 2;
const MANY = 1_000;

const PROGRAM = `#!/bin/sh
[ "$1" = auth_client ] || exit 0
[ "$3" = hang ] && exec sleep 30
echo 600 0 0
`;

export const run = () => onStage(measure);

async function measure(stage: Stage): Promise<void> {
  const lab = await startLab(stage);
  // A connection is two lines of the kernel's table for two minutes; at thousands a second that is the table's end, not the door's.
  lab.inGateway('sysctl', '-qw', 'net.netfilter.nf_conntrack_tcp_timeout_time_wait=2');
  const { enter, addresses } = await lab.crowd(CLIENTS);
  const tell = await startCrowd(stage, enter);
  const folder = folderFor(stage, 'gatehouse-portal-bench');
  const program = join(folder, 'binauth');
  writeFileSync(program, PROGRAM, { mode: 0o755 });
  const door = `interface: br-lan, max_clients: 2000, ndsctl_socket: ${folder}/ctl`;
  const say = (what: string, figures: object) => console.log(JSON.stringify({ bench: 'portal', what, ...figures }));

  const bare = await forwarded(stage, lab, enter, addresses[0]!);
  const plain = await makeSite(stage, { enter: lab.gateway, yaml: `portal: { ${door} }` });
  let server = await plain.start();
  say('redirects', await redirects(server));
  stage.check();
  say('logins by the gate alone, all at once', await logins(server));
  stage.check();

  await tell({ do: 'storm', clients: addresses.slice(0, 1), user: '' });
  const one = await forwarded(stage, lab, enter, addresses[0]!);
  await tell({ do: 'storm', clients: addresses.slice(1), user: '' });
  fill(lab, MANY - CLIENTS);
  const many = await forwarded(stage, lab, enter, addresses[0]!);
  await server.stop();
  // Once more without: what came between is not the door's.
  const after = await forwarded(stage, lab, enter, addresses[0]!);
  say('forwarded, Gbit/s', { without: [bare, after], 'with 1 client': one, [`with ${MANY}`]: many });
  stage.check();

  const scripted = await makeSite(stage, { enter: lab.gateway, yaml: `portal: { ${door}, binauth: ${program} }` });
  server = await scripted.start();
  say('logins with a program, all at once', await logins(server));
  stage.check();
  await tell({ do: 'pages', client: addresses[CLIENTS - 1]!, count: PAGES / 4 });
  const before = (await tell({ do: 'pages', client: addresses[CLIENTS - 1]!, count: PAGES })) as number[];
  await tell({ do: 'submit', clients: addresses.slice(0, HANGING), user: 'hang' });
  const meanwhile = (await tell({ do: 'pages', client: addresses[CLIENTS - 1]!, count: PAGES })) as number[];
  say(`milliseconds of a page while ${HANGING} programs hang`, { ...spread(meanwhile), idle: spread(before) });
  await server.stop();

  async function redirects({ pid }: Instance) {
    const order = { do: 'redirects', clients: addresses, atOnce: AT_ONCE } as const;
    await tell({ ...order, seconds: 2 });
    const then = cpuSeconds(pid);
    const { done, seconds } = (await tell({ ...order, seconds: REDIRECT_SECONDS })) as {
      done: number;
      seconds: number;
    };
    return { perSecond: Math.round(done / seconds), usServer: microseconds(pid, then, done) };
  }

  /** Rounds; the median counts. */
  async function logins({ pid }: Instance) {
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const then = cpuSeconds(pid);
      const { seconds, login, traffic } = (await tell({ do: 'storm', clients: addresses, user: 'Staff' })) as Storm;
      // The first one warms up.
      if (round > 0)
        rounds.push({
          perSecond: Math.round(CLIENTS / seconds),
          usServer: microseconds(pid, then, CLIENTS),
          login,
          traffic,
        });
      await tell({ do: 'leave', clients: addresses });
      stage.check();
    }
    rounds.sort((a, b) => a.perSecond - b.perSecond);
    const middle = rounds[ROUNDS >> 1]!;
    const loginMs = spread(rounds.flatMap(({ login }) => login));
    const trafficMs = spread(rounds.flatMap(({ traffic }) => traffic));
    return {
      clients: CLIENTS,
      perSecond: middle.perSecond,
      rounds: rounds.map(({ perSecond }) => perSecond),
      usServer: middle.usServer,
      loginMs,
      trafficMs,
    };
  }
}

interface Storm {
  readonly seconds: number;
  readonly login: number[];
  readonly traffic: number[];
}

async function startCrowd(stage: Stage, [command, ...args]: readonly string[]) {
  const file = join(import.meta.dirname, 'portal-crowd.ts');
  const child = endWith(
    stage,
    spawn(command!, [...args, process.execPath, '--no-warnings', file], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const waiting: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
  const next = () => new Promise<unknown>((resolve, reject) => waiting.push({ resolve, reject }));
  createInterface({ input: child.stdout! }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)));
  child.on('exit', () => {
    for (const { reject } of waiting) reject(new Error('the crowd has ended'));
  });
  await next();
  return (order: CrowdOrder) => {
    child.stdin!.write(`${JSON.stringify(order)}\n`);
    return next();
  };
}

/** From the client to the internet and back, the median of three. */
async function forwarded(stage: Stage, { internet }: Lab, enter: readonly string[], from: string): Promise<number> {
  const gbits: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [command, ...args] = [...internet, 'iperf3', '-s', '-1', '-B', WEB, '--forceflush'];
    const server = endWith(stage, spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
    await once(server.stdout!, 'data');
    const client = [...enter, 'iperf3', '-c', WEB, '-B', from, '-t', String(FORWARD_SECONDS), '-R', '-J'];
    const { stdout, stderr } = spawnSync(client[0]!, client.slice(1), { encoding: 'utf8', timeout: 60_000 });
    const { end } = JSON.parse(stdout) as { end: { sum_received?: { bits_per_second: number } } };
    if (!end.sum_received) throw new Error(`iperf3 failed: ${stdout}${stderr}`);
    gbits.push(end.sum_received.bits_per_second / 1e9);
  }
  return Number(gbits.sort((a, b) => a - b)[ROUNDS >> 1]!.toFixed(2));
}

/** More that are in, as the sets hold them. */
function fill({ gateway }: Lab, count: number): void {
  const none = { sent: 0, received: 0 };
  const lines = Array.from({ length: count }, (_, i) => {
    const address = `10.77.${100 + (i >> 7)}.${1 + (i & 127)}`;
    const mac = `02:00:5e:30:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`;
    return admission({ interface: 'br-lan', address, mac, also: [], leftMs: undefined, left: none, rate: none });
  });
  const done = spawnSync(gateway[0]!, [...gateway.slice(1), 'nft', '-f', '-'], {
    input: lines.join(''),
    encoding: 'utf8',
  });
  if (done.status !== 0) throw new Error(done.stderr);
}

function microseconds(pid: number, then: number, count: number): number {
  return Math.round((1_000_000 * (cpuSeconds(pid) - then)) / count);
}

function spread(times: readonly number[]) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) =>
    Number(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
