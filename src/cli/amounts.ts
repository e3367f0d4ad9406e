/** Spans, volumes and days as people write them on a command line. Errors: ARGUMENTS_INVALID. */
import { GatehouseError } from '../platform/errors.ts';

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
/** As providers count, not as memory does. */
const BYTES = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 } as const;
const DAY_MS = 86_400_000;

/** `90m`, `24h`, `7d`: seconds. */
export function span(name: string, text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(text) ?? [];
  if (count === undefined) throw invalid(name, 'a span such as 90m, 24h or 7d', text);
  return Number(count) * SECONDS[unit as keyof typeof SECONDS];
}

/** `500M`, `2G`: bytes. */
export function volume(name: string, text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,8})([KMGT]?)$/i.exec(text) ?? [];
  if (count === undefined) throw invalid(name, 'a volume such as 500M or 2G', text);
  return Number(count) * BYTES[unit.toUpperCase() as keyof typeof BYTES];
}

/** `512K`, `10M`: bits in a second, given in kbit. */
export function rate(name: string, text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,5})([KMG])$/i.exec(text) ?? [];
  if (count === undefined) throw invalid(name, 'bits in a second such as 512K or 10M', text);
  return (Number(count) * BYTES[unit.toUpperCase() as keyof typeof BYTES]) / 1_000;
}

/** `2026-12-31`: the end of that day here, in milliseconds since the epoch. */
export function endOfDay(name: string, text: string): number {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []).map(Number);
  const begin = new Date(year!, month! - 1, day!);
  if (Number.isNaN(begin.getTime()) || begin.getDate() !== day || begin.getMonth() !== month! - 1)
    throw invalid(name, 'a day such as 2026-12-31', text);
  // At noon of the next day no change of the clocks is near.
  const next = new Date(begin.getTime() + 1.5 * DAY_MS);
  return new Date(next.getFullYear(), next.getMonth(), next.getDate()).getTime();
}

/** `24 h`, `7 d`: in the largest unit without a rest. */
export function spanWords(seconds: number): string {
  const unit = (['d', 'h', 'm'] as const).find((one) => seconds % SECONDS[one] === 0) ?? 's';
  return `${seconds / SECONDS[unit]} ${unit === 'm' ? 'min' : unit}`;
}

/** `512 kbit/s`, `10 Mbit/s`. */
export function rateWords(kbit: number): string {
  return kbit < 1_000 ? `${kbit} kbit/s` : `${Number((kbit / 1_000).toFixed(1))} Mbit/s`;
}

/** `500 MB`, `1.5 GB`. */
export function volumeWords(bytes: number): string {
  const unit = (['T', 'G', 'M', 'K'] as const).find((one) => bytes >= BYTES[one]);
  if (unit === undefined) return `${bytes} B`;
  return `${Number((bytes / BYTES[unit]).toFixed(1))} ${unit === 'K' ? 'k' : unit}B`;
}

function invalid(name: string, allowed: string, text: string): GatehouseError {
  return new GatehouseError('ARGUMENTS_INVALID', `must be ${allowed}, but is \`${text}\``, { where: name });
}
