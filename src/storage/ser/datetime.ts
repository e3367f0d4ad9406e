/**
 * Times in SER tables: `YYYY-MM-DD HH:MM:SS` in the local time of the machine, as SER, OpenSER and Kamailio write them.
 *
 * In the hour that a zone passes twice in autumn such a text means two times; the later one is taken, since a binding
 * kept an hour too long does less harm than one lost. Milliseconds since the epoch outside, whole seconds inside.
 */

const HOUR_MS = 3_600_000;

/** Defaults of the stock schemas, meant as `forever` (one of them lies in the past by now). */
export const FOREVER: readonly string[] = ['2020-05-28 21:32:15', '2030-05-28 21:32:15'];

/** What lies before it is the epoch of some zone. */
export const FIRST_EXPIRY = 2 * 24 * HOUR_MS;

/** Characters up to the minute. */
const MINUTE = 16;
const TWO_DIGITS = /^\d\d$/;

/** When minutes began, since a zone's rules cost ten times as much as all the rest: of those that rows spoke of last. */
const starts = new Map<string, number>();
const MINUTES = 4096;

let lastSecond = Number.NaN;
let lastText = '';

/** 0 gives the epoch itself, which all servers of the family take for a permanent binding. */
export function toDatetime(ms: number): string {
  const second = Math.floor(ms / 1000);
  // A batch's rows share a second or two.
  if (second === lastSecond) return lastText;
  const d = new Date(second * 1000);
  lastText = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  lastSecond = second;
  return lastText;
}

/** When a binding ends; 0 for the ways to say `never`: the epoch in any zone, a zero date, a schema's default, NULL. */
export function expiryFromDatetime(text: string | null): number {
  if (text === null || FOREVER.includes(text)) return 0;
  const ms = fromDatetime(text);
  return ms < FIRST_EXPIRY ? 0 : ms;
}

/** 0 for what is no time. */
export function fromDatetime(text: string | null): number {
  if (text === null) return 0;
  const minute = text.slice(0, MINUTE);
  let start = starts.get(minute);
  if (start === undefined) {
    start = startOf(minute);
    if (starts.size === MINUTES) starts.clear();
    starts.set(minute, start);
  }
  const second = Number.isNaN(start) || text[MINUTE] !== ':' ? '' : text.slice(MINUTE + 1, MINUTE + 3);
  return TWO_DIGITS.test(second) ? start + 1000 * Number(second) : 0;
}

/** Of `YYYY-MM-DD HH:MM`; NaN: it is none. */
function startOf(minute: string): number {
  const p = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d)$/.exec(minute);
  if (!p || p[1] === '0000') return Number.NaN;
  const [year, month, day, hour, minutes] = p.slice(1).map(Number) as [number, number, number, number, number];
  const first = new Date(year, month - 1, day, hour, minutes);
  const later = new Date(first.getTime() + HOUR_MS);
  return later.getHours() === first.getHours() ? later.getTime() : first.getTime();
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
