/**
 * Finding a token again that went ahead: two values in a row, within the sync window (RFC 4226 section 7.4). For totp the window is so many
 * steps to either side of now, and what is found becomes the token's time shift.
 */
import { findCounter, timeStepAt } from './hotp.ts';
import type { Token } from './token.ts';

/** What changes in the token; undefined: they are no two values in a row. */
export type Found = Pick<Token, 'counter' | 'timeShift' | 'syncCounter' | 'syncUntil'>;

export function findPair(token: Token, seed: Uint8Array, otp1: string, otp2: string, now: number): Found | undefined {
  const { otpLength, hash } = token;
  let [from, to] = searched(token, now);
  while (from <= to) {
    const first = findCounter(seed, otp1, [from, to], otpLength, hash);
    if (first === undefined) return undefined;
    if (findCounter(seed, otp2, [first + 1, first + 1], otpLength, hash) !== undefined)
      return after(token, first + 1, now);
    from = first + 1;
  }
  return undefined;
}

/** The counter of one value within the sync window. */
export function findFar(token: Token, seed: Uint8Array, otp: string, now: number): number | undefined {
  return findCounter(seed, otp, searched(token, now), token.otpLength, token.hash);
}

/** The token when this counter was used for finding it again. */
export function after(token: Token, counter: number, now: number): Found {
  const timeShift =
    token.type === 'totp' ? (counter - timeStepAt(now, token.timeStep, 0)) * token.timeStep : token.timeShift;
  return { counter: counter + 1, timeShift, syncCounter: -1, syncUntil: 0 };
}

function searched({ type, counter, syncWindow, timeStep, timeShift }: Token, now: number): [number, number] {
  if (type !== 'totp') return [counter, counter + syncWindow - 1];
  const step = timeStepAt(now, timeStep, timeShift);
  return [Math.max(counter, step - syncWindow), step + syncWindow];
}
