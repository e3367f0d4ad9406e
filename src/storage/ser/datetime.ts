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
  const p = text === null ? null : /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(text);
  if (!p || p[1] === '0000') return 0;
  const [year, month, day, hour, minute, second] = p.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const first = new Date(year, month - 1, day, hour, minute, second);
  const later = new Date(first.getTime() + HOUR_MS);
  return later.getHours() === first.getHours() ? later.getTime() : first.getTime();
}

function two(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}
