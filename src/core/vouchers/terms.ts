/** What a voucher is good for, and what is left of it. Times in milliseconds since the epoch, bytes; 0 = no limit. */

export interface VoucherTerms {
  /** Counted from the first login. */
  readonly seconds: number;
  /** Bytes that all its devices together may send. */
  readonly upload: number;
  /** And get. */
  readonly download: number;
  /** kbit/s that each device may send, and get; undefined and 0: as everybody. */
  readonly uploadKbit?: number | undefined;
  readonly downloadKbit?: number | undefined;
  /** At once. */
  readonly devices: number;
  readonly expires: number;
}

/** A session by it. */
export interface VoucherUse {
  readonly session: string;
  readonly voucher: string;
  readonly batch: string;
  readonly mac: string;
  readonly started: number;
  /** Bytes; 0 while it lasts. */
  readonly sent: number;
  readonly received: number;
}

export interface Used {
  /** Of the first login; undefined: there was none. */
  readonly first: number | undefined;
  readonly sent: number;
  readonly received: number;
}

export interface Left {
  readonly seconds: number;
  readonly upload: number;
  readonly download: number;
}

/** The firewall drops the packet that would go past a volume: what holds no packet any more is nothing. */
const LARGEST_PACKET = 65_536;

export function usedBy(uses: readonly Pick<VoucherUse, 'started' | 'sent' | 'received'>[]): Used {
  let first: number | undefined;
  let [sent, received] = [0, 0];
  for (const use of uses) {
    first = Math.min(first ?? use.started, use.started);
    sent += use.sent;
    received += use.received;
  }
  return { first, sent, received };
}

/** Undefined: it is used up, or its day is over. */
export function whatIsLeft(terms: VoucherTerms, { first, sent, received }: Used, now: number): Left | undefined {
  const ends = [
    ...(terms.seconds > 0 ? [(first ?? now) + 1000 * terms.seconds] : []),
    ...(terms.expires > 0 ? [terms.expires] : []),
  ];
  const seconds = ends.length === 0 ? 0 : Math.floor((Math.min(...ends) - now) / 1000);
  const upload = terms.upload - sent;
  const download = terms.download - received;
  if (
    (ends.length > 0 && seconds < 1) ||
    (terms.upload > 0 && upload < LARGEST_PACKET) ||
    (terms.download > 0 && download < LARGEST_PACKET)
  )
    return undefined;
  return { seconds, upload: terms.upload && upload, download: terms.download && download };
}
