/**
 * Max-Forwards, the guard against loops: read, inserted, counted down (RFC 3261 sections 16.3 and 16.6; results as OpenSER's maxfwd).
 *
 * The count that a script sees is the one after its own changes: a second call counts down again.
 */
import { Header } from '../../message/header-names.ts';
import type { Run } from '../../run.ts';

const ABSENT = -1;
const UNREADABLE = -2;
/** Longer numbers are above every limit. */
const MANY = 999_999_999;
const LINES = new Array<string | undefined>(256).fill(undefined);

/** 1: counted down, or left alone because it cannot be read; 2: inserted with `initial`; -1: it has come to 0. */
export function processMaxForwards(run: Run, initial: number, limit: number): number {
  const index = run.message.indexOf(Header.maxForwards);
  const value = currentValue(run, index);
  if (value === 0) return -1;
  if (value === UNREADABLE) return 1;
  if (value === ABSENT) {
    run.edits.top = `Max-Forwards: ${Math.min(initial, limit)}\r\n${run.edits.top}`;
    return 2;
  }
  run.edits.replace(index, lineOf(value > limit ? limit : value - 1));
  return 1;
}

/** 1: below `bound`; -1: not below; -2: no such header; -3: it cannot be read. */
export function isMaxForwardsBelow(run: Run, bound: number): number {
  const value = currentValue(run, run.message.indexOf(Header.maxForwards));
  if (value < 0) return value - 1;
  return value < bound ? 1 : -1;
}

/** Made once for each number that is usual. */
function lineOf(value: number): string {
  if (value >= LINES.length) return `Max-Forwards: ${value}\r\n`;
  LINES[value] ??= `Max-Forwards: ${value}\r\n`;
  return LINES[value];
}

function currentValue(run: Run, index: number): number {
  if (index < 0) return ABSENT;
  const edited = run.edits.lines?.[index];
  return parseCount(edited === undefined ? run.message.valueAt(index) : edited.slice(edited.indexOf(':') + 1).trim());
}

function parseCount(text: string): number {
  if (text === '') return UNREADABLE;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (!(digit >= 0 && digit <= 9)) return UNREADABLE;
    value = Math.min(value * 10 + digit, MANY);
  }
  return value;
}
