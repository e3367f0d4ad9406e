/**
 * Keeps the way to telephones behind a NAT open: each contact that is reached over UDP gets four zero bytes, or a SIP request, once in
 * an interval. They are spread over it, and bounded: when there are too many, a round takes longer. Whether anybody answers is not
 * looked at, and host names are not looked up.
 */
import { isIP } from 'node:net';
import { Timer, type TimerOwner } from '../../../../platform/timer-wheel.ts';
import { bareHost, parseUri, uriParam } from '../../message/uri.ts';
import type { ParameterValues } from '../../script/types.ts';
import type { Services } from '../../services.ts';
import type { Target } from '../../transport/types.ts';
import { type Binding, NATTED } from './binding.ts';
import type { LocationTable } from './table.ts';

const PIECE_MS = 100;
const MOST_IN_PIECE = 1000;
const ZEROS = '\0\0\0\0';
const DEFAULT_PORT = 5060;

export interface PingSettings {
  /** 0: nothing is sent. */
  readonly intervalMs: number;
  readonly nattedOnly: boolean;
  /** Branch flags, as bits: behind a NAT; to be sent a SIP request. */
  readonly natFlag: number;
  readonly sipFlag: number;
  /** undefined: at our own address. */
  readonly from: string | undefined;
  readonly method: string;
}

type PingServices = Pick<Services, 'wheel' | 'transport'>;

export function pingSettings(nathelper: ParameterValues | undefined, natFlag: number): PingSettings {
  const sipFlag = Number(nathelper?.sipping_bflag ?? -1);
  return {
    intervalMs: Number(nathelper?.natping_interval ?? 0) * 1000,
    nattedOnly: nathelper?.ping_nated_only === 1,
    natFlag,
    sipFlag: sipFlag < 0 ? 0 : (1 << sipFlag) | 0,
    from: typeof nathelper?.sipping_from === 'string' ? nathelper.sipping_from : undefined,
    method: String(nathelper?.sipping_method ?? 'OPTIONS'),
  };
}

export class Pings implements TimerOwner {
  readonly #timer = new Timer(this);
  #services: PingServices | undefined;
  #settings: PingSettings | undefined;
  #tables: readonly LocationTable[] = [];
  /** Of the round under way: the table, and its addresses of record that are still to come. */
  #at = 0;
  #rest: Iterator<string> | undefined;
  /** Contacts that are to be looked at by now; less than 1 = not yet a whole one. */
  #due = 0;
  #serial = 0;

  /** From now on like this. */
  serve(settings: PingSettings, tables: readonly LocationTable[], services: PingServices): void {
    this.#services?.wheel.stop(this.#timer);
    this.#settings = settings;
    this.#tables = tables;
    this.#services = services;
    this.#rest = undefined;
    this.#at = 0;
    if (settings.intervalMs > 0) services.wheel.start(this.#timer, PIECE_MS);
  }

  onTimer(): void {
    const { intervalMs } = this.#settings!;
    let contacts = 0;
    for (const table of this.#tables) contacts += table.size;
    this.#due = Math.min(this.#due + (contacts * PIECE_MS) / intervalMs, MOST_IN_PIECE);
    while (this.#due >= 1) {
      const aor = this.#next();
      if (aor === undefined) break;
      this.#due -= this.#pingAll(this.#tables[this.#at]!, aor);
    }
    this.#services!.wheel.start(this.#timer, PIECE_MS);
  }

  /** undefined at the end of a round; the next one begins with the next piece. */
  #next(): string | undefined {
    for (; this.#at < this.#tables.length; this.#at++) {
      this.#rest ??= this.#tables[this.#at]!.aors()[Symbol.iterator]();
      const { value, done } = this.#rest.next();
      if (!done) return value;
      this.#rest = undefined;
    }
    this.#at = 0;
    return undefined;
  }

  /** Gives how many contacts were looked at. */
  #pingAll(table: LocationTable, aor: string): number {
    const now = table.seconds();
    let seen = 0;
    for (let at = table.first(aor); at; at = at.next, seen++) if (at.validAt(now)) this.#ping(at);
    return seen;
  }

  #ping(binding: Binding): void {
    const { nattedOnly, natFlag, sipFlag } = this.#settings!;
    if (nattedOnly && (binding.flags & NATTED) === 0 && (binding.branchFlags & natFlag) === 0) return;
    if (binding.path !== null) return;
    const target = this.#targetOf(binding);
    if (target === undefined) return;
    this.#services!.transport.send(
      (binding.branchFlags & sipFlag) === 0 ? ZEROS : this.#request(binding, target),
      target,
    );
  }

  #targetOf({ contact, received, socket }: Binding): Target | undefined {
    const uri = parseUri(received ?? contact);
    if (uri?.scheme !== 'sip' || (uriParam(uri, 'transport') ?? 'udp').toLowerCase() !== 'udp') return undefined;
    const address = bareHost(uri.host);
    if (isIP(address) === 0) return undefined;
    const { transport } = this.#services!;
    const preferred = transport.points.find(({ name }) => name === socket);
    const point = transport.pointFor('udp', address, preferred);
    return point && { protocol: 'udp', address, port: uri.port || DEFAULT_PORT, point, connection: undefined };
  }

  /** One that no transaction waits for: what answers it is dropped as belonging to nothing. */
  #request({ contact }: Binding, { point }: Target): string {
    const { method, from } = this.#settings!;
    const own = point!.hostPort;
    const id = `ping${(++this.#serial).toString(36)}`;
    return (
      `${method} ${contact} SIP/2.0\r\nVia: SIP/2.0/UDP ${own};branch=z9hG4bK${id};rport\r\n` +
      `Max-Forwards: 70\r\nFrom: <${from ?? `sip:ping@${own}`}>;tag=${id}\r\nTo: <${contact}>\r\n` +
      `Call-ID: ${id}@${own}\r\nCSeq: 1 ${method}\r\nContent-Length: 0\r\n\r\n`
    );
  }
}
