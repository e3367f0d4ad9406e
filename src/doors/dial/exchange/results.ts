/**
 * Result codes of a Hayes modem, as words and numbers, and which of them each X level shows.
 * Source: V.250 section 5.7, the tables of the Hayes manuals for the numbers from 5 on.
 */

const CODES = {
  OK: 0,
  CONNECT: 1,
  RING: 2,
  'NO CARRIER': 3,
  ERROR: 4,
  'NO DIALTONE': 6,
  BUSY: 7,
  'NO ANSWER': 8,
} as const;

export type Result = keyof typeof CODES;

const CONNECT_CODES: Readonly<Record<number, number>> = {
  1200: 5,
  2400: 10,
  4800: 11,
  9600: 12,
  19200: 14,
  38400: 28,
  57600: 18,
  115200: 19,
};

export interface ResultStyle {
  /** V1: words. */
  readonly words: boolean;
  /** X0 to X4. */
  readonly level: number;
  readonly cr: number;
  readonly lf: number;
}

export function waitsForDialTone(level: number): boolean {
  return level === 2 || level === 4;
}

/** What a modem at this level says instead of a result that it cannot tell. */
export function shownResult(result: Result, level: number): Result {
  if (result === 'BUSY' && level < 3) return 'NO CARRIER';
  if (result === 'NO DIALTONE' && !waitsForDialTone(level)) return 'NO CARRIER';
  return result === 'NO ANSWER' && level < 3 ? 'NO CARRIER' : result;
}

/** `speed`: of a CONNECT, in bit/s; X0 leaves it out. */
export function resultText(result: Result, style: ResultStyle, speed?: number): string {
  const shown = shownResult(result, style.level);
  const fast = shown === 'CONNECT' && style.level > 0 && speed !== undefined;
  if (!style.words) return `${fast ? (CONNECT_CODES[speed] ?? 1) : CODES[shown]}${String.fromCharCode(style.cr)}`;
  const end = String.fromCharCode(style.cr, style.lf);
  return `${end}${fast ? `CONNECT ${speed}` : shown}${end}`;
}
