/**
 * A small network in network namespaces of its own, nothing of which is seen outside: clients on a bridge, a gateway, and an internet
 * with one web server for every name.
 *
 *     clients 10.77.0.10, .11 … ── br-lan 10.77.0.1, 2001:db8:77::1 [gateway] wan0 198.51.100.2 ── [internet] 203.0.113.80, 2001:db8:80::80
 *
 * On demand there is a second inside, br-staff, with 10.78.0.1 and 2001:db8:78::1.
 *
 * Each namespace lives as long as a process that reads from this one, so it goes even when the test is killed. Every client runs an
 * agent (portal-agent.ts) that does what it is told and says what it saw.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWith } from './children.ts';
import type { Cleanup } from './cleanup.ts';

export const GATEWAY = '10.77.0.1';
/** On br-staff. */
export const STAFF_GATEWAY = '10.78.0.1';
export const WEB = '203.0.113.80';
/** Where a FAS is: at WEB, on this port. */
export const FAS_PORT = 8080;
export const WEB6 = '2001:db8:80::80';
/** The same web server at other addresses. */
export const GARDEN = '203.0.113.81';
export const NAMED = '203.0.113.82';

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What went wrong instead, as Node names it: ECONNREFUSED, ETIMEDOUT … */
  readonly error?: string;
}

export interface Ask {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Where it is sent to, whatever the address says; unset: the internet, or the address where it is one. */
  readonly at?: string;
  /** For what is not to be answered. */
  readonly patienceMs?: number;
}

export interface LabClient {
  readonly address: string;
  readonly mac: string;
  /** Command that enters its network. */
  readonly enter: readonly string[];
  ask(what: string | Ask): Promise<Seen>;
  /** Opens a stream on which both ends send without end; gives `open`, or what went wrong as Node names it. */
  stream(kind: 'tcp' | 'udp'): Promise<string>;
  /** Of all its streams: when the latest that arrived was sent, to the client and from it. */
  lastBeats(): Promise<{ readonly to: number; readonly from: number }>;
}

export type Bridge = 'br-lan' | 'br-staff';
/** Second byte of IPv4 addresses, third group of those of IPv6. */
const NET = { 'br-lan': 77, 'br-staff': 78 } as const;

type Beats = Readonly<Record<string, number>>;

export interface Lab {
  /** Command that enters the gateway. */
  readonly gateway: readonly string[];
  readonly internet: readonly string[];
  /** Runs a command in the gateway; throws where it fails. */
  inGateway(command: string, ...args: string[]): string;
  client(number: number, bridge?: Bridge): Promise<LabClient>;
  /**
   * Many clients in one namespace, each a macvlan with a MAC address, an address and a way out of its own: a process that binds to one
   * of the addresses is that client. Gives the command that enters.
   */
  crowd(count: number): Promise<{ enter: readonly string[]; addresses: readonly string[] }>;
}

/** `at`: a process whose network is to be the gateway; unset: a new one. */
export async function startLab(t: Cleanup, at?: number): Promise<Lab> {
  const [gateway, internet] = [at ?? (await namespace(t)), await namespace(t)];
  const inGateway = (command: string, ...args: string[]) => must([...enter(gateway), command, ...args]);
  const ip = (at: number, words: string) => must([...enter(at), 'ip', ...words.split(' ')]);

  ip(gateway, 'link set lo up');
  ip(gateway, `link add wan0 type veth peer name eth0 netns ${internet}`);
  ip(gateway, 'address add 198.51.100.2/24 dev wan0');
  ip(gateway, 'address add 2001:db8:1::2/64 dev wan0 nodad');
  ip(gateway, 'link set wan0 up');
  ip(internet, 'link set lo up');
  ip(internet, 'address add 198.51.100.1/24 dev eth0');
  ip(internet, 'address add 2001:db8:1::1/64 dev eth0 nodad');
  ip(internet, 'link set eth0 up');
  for (const address of [WEB, GARDEN, NAMED]) ip(internet, `address add ${address}/32 dev lo`);
  ip(internet, `address add ${WEB6}/128 dev lo nodad`);
  ip(gateway, 'route add default via 198.51.100.1');
  ip(gateway, '-6 route add default via 2001:db8:1::1');
  inGateway('sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
  const bridges = new Set<Bridge>();
  const needBridge = (name: Bridge) => {
    if (bridges.has(name)) return;
    bridges.add(name);
    ip(gateway, `link add ${name} type bridge`);
    ip(gateway, `address add 10.${NET[name]}.0.1/16 dev ${name}`);
    ip(gateway, `address add 2001:db8:${NET[name]}::1/64 dev ${name} nodad`);
    ip(gateway, `link set ${name} up`);
    ip(internet, `route add 10.${NET[name]}.0.0/16 via 198.51.100.2`);
    ip(internet, `-6 route add 2001:db8:${NET[name]}::/64 via 2001:db8:1::2`);
  };
  needBridge('br-lan');
  const tellInternet = await agent(t, internet, 'internet');

  return {
    gateway: enter(gateway),
    internet: enter(internet),
    inGateway,
    async crowd(count) {
      const at = await namespace(t);
      ip(gateway, `link add crowd type veth peer name eth0 netns ${at}`);
      ip(gateway, 'link set crowd master br-lan up');
      ip(at, 'link set lo up');
      const alone = ['all.arp_ignore=1', 'all.arp_announce=2', 'all.rp_filter=0', 'default.rp_filter=0'];
      must([...enter(at), 'sysctl', '-qw', ...alone.map((one) => `net.ipv4.conf.${one}`)]);
      ip(at, 'link set eth0 up');
      const addresses = Array.from({ length: count }, (_, i) => `10.77.${1 + (i >> 7)}.${1 + (i & 127)}`);
      must([...enter(at), 'ip', '-batch', '-'], `${crowdCommands(addresses).join('\n')}\n`);
      return { enter: enter(at), addresses };
    },
    async client(number, bridge = 'br-lan') {
      needBridge(bridge);
      const at = await namespace(t);
      const address = `10.${NET[bridge]}.0.${9 + number}`;
      const mac = `02:00:5e:10:00:${number.toString(16).padStart(2, '0')}`;
      ip(gateway, `link add lan${number} type veth peer name eth0 netns ${at}`);
      ip(gateway, `link set lan${number} master ${bridge} up`);
      ip(at, 'link set lo up');
      ip(at, `link set eth0 address ${mac}`);
      ip(at, `address add ${address}/16 dev eth0`);
      ip(at, `address add 2001:db8:${NET[bridge]}::${number + 16}/64 dev eth0 nodad`);
      ip(at, 'link set eth0 up');
      ip(at, `route add default via 10.${NET[bridge]}.0.1`);
      ip(at, `-6 route add default via 2001:db8:${NET[bridge]}::1`);
      const tell = await agent(t, at, 'client');
      return {
        address,
        mac,
        enter: enter(at),
        ask: (what) => tell({ do: 'ask', ...(typeof what === 'string' ? { url: what } : what) }) as Promise<Seen>,
        stream: (kind) => tell({ do: 'stream', kind }) as Promise<string>,
        async lastBeats() {
          const [here, there] = (await Promise.all([tell({ do: 'heard' }), tellInternet({ do: 'heard' })])) as Beats[];
          const from = ['tcp', 'udp'].map((kind) => there![`${kind} ${address}`] ?? 0);
          return { to: Math.max(...Object.values(here!)), from: Math.max(...from) };
        },
      };
    },
  };
}

function crowdCommands(addresses: readonly string[]): string[] {
  return addresses.flatMap((address, i) => {
    const mac = `02:00:5e:20:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`;
    const table = 1000 + i;
    return [
      `link add c${i} link eth0 address ${mac} type macvlan mode bridge`,
      `address add ${address}/16 dev c${i}`,
      `link set c${i} up`,
      `route add default via ${GATEWAY} dev c${i} onlink table ${table}`,
      `route add ${GATEWAY}/32 dev c${i} table ${table}`,
      `rule add from ${address} lookup ${table} priority ${table}`,
    ];
  });
}

/** Process id of the one that keeps it. */
async function namespace(t: Cleanup): Promise<number> {
  const keeper = endWith(
    t,
    spawn('unshare', ['-n', 'sh', '-c', 'echo here; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await once(keeper.stdout!, 'data');
  return keeper.pid!;
}

function enter(keeper: number): string[] {
  return ['nsenter', '-t', String(keeper), '-n', '--'];
}

function must([command, ...args]: string[], input = ''): string {
  const done = spawnSync(command!, args, { input, encoding: 'utf8', timeout: 60_000, maxBuffer: 16 << 20 });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr || done.error}`);
  return done.stdout;
}

/** Starts portal-agent.ts in the namespace; what it is told is a line of JSON each way, in order. */
async function agent(t: Cleanup, keeper: number, role: 'client' | 'internet') {
  const file = join(import.meta.dirname, 'portal-agent.ts');
  const [command, ...args] = [...enter(keeper), process.execPath, '--no-warnings', file, role];
  const child = endWith(t, spawn(command!, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const waiting: ((answer: unknown) => void)[] = [];
  const next = () => new Promise<unknown>((resolve) => waiting.push(resolve));
  createInterface({ input: child.stdout! }).on('line', (line) => waiting.shift()?.(JSON.parse(line)));
  await next();
  return function tell(order: object): Promise<unknown> {
    child.stdin!.write(`${JSON.stringify(order)}\n`);
    return next();
  };
}
