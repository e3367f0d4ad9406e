/** Senders that are trusted without credentials: by address, transport and perhaps an expression for the From URI. */
import { isIP } from 'node:net';
import { TableMirror } from '../../../../core/ser/table-mirror.ts';
import type { RowCells, RowsSpec } from '../../../../core/ser/types.ts';
import type { Log } from '../../../../platform/log.ts';
import type { Run } from '../../run.ts';
import { Pattern, PatternError } from '../../script/pattern.ts';
import type { Variable } from '../../script/values/types.ts';
import type { Services } from '../../services.ts';
import { plainAddress } from './addresses.ts';

const MOST_ROWS = 20_000;
/** How long rows are trusted that cannot be read again. */
const TRUST_MS = 60_000;

interface Peer {
  readonly protocol: string;
  /** Undefined: any From. */
  readonly from: Pattern | undefined;
  readonly expression: string;
  readonly tag: string | undefined;
}

type Peers = ReadonlyMap<string, readonly Peer[]>;

export class Trusted {
  readonly #mirror: TableMirror<Peers>;
  readonly #tagAvp: Variable | undefined;

  /** The columns are address, transport, expression and, where there is an AVP for it, tag. */
  constructor(services: Services, spec: RowsSpec, byClock: boolean, tagAvp: Variable | undefined) {
    const build = (rows: readonly RowCells[]) => peersOf(rows, services.log);
    this.#mirror = new TableMirror({ ...services, spec, most: MOST_ROWS, byClock, trustMs: TRUST_MS, build });
    this.#tagAvp = tagAvp;
  }

  open(): Promise<void> {
    return this.#mirror.open();
  }

  reload(): Promise<void> {
    return this.#mirror.reload();
  }

  /** `<address, transport, expression, tag>` */
  *lines(): Generator<string> {
    for (const [address, peers] of this.#mirror.value ?? []) {
      for (const { protocol, expression, tag } of peers) yield `<${address}, ${protocol}, ${expression}, ${tag ?? ''}>`;
    }
  }

  check(run: Run, address: string, protocol: string): number {
    const from = run.message.from?.uri;
    for (const peer of this.#mirror.value?.get(plainAddress(address)) ?? []) {
      if (peer.protocol === 'none' || (peer.protocol !== 'any' && peer.protocol !== protocol)) continue;
      if (peer.from && (from === undefined || !peer.from.test(from))) continue;
      if (peer.tag !== undefined) this.#tagAvp?.write?.(run, peer.tag, true);
      return 1;
    }
    return -1;
  }
}

/** A row that cannot be understood trusts nobody. */
function peersOf(rows: readonly RowCells[], log: Log): Peers {
  const peers = new Map<string, Peer[]>();
  for (const [address, protocol, expression, tag] of rows) {
    const key = plainAddress(String(address));
    const from = patternOf(expression);
    if (isIP(key) === 0 || from === null) {
      log.warn('a row of trusted senders cannot be understood', { address, expression });
      continue;
    }
    const peer = {
      protocol: String(protocol).toLowerCase(),
      from,
      expression: String(expression ?? ''),
      tag: tag === null ? undefined : tag?.toString(),
    };
    const same = peers.get(key);
    if (same) same.push(peer);
    else peers.set(key, [peer]);
  }
  return peers;
}

/** null: it cannot be read. */
function patternOf(expression: RowCells[number] | undefined): Pattern | null | undefined {
  if (expression === null || expression === undefined || expression === '') return undefined;
  try {
    return new Pattern(String(expression));
  } catch (error) {
    if (error instanceof PatternError) return null;
    throw error;
  }
}
