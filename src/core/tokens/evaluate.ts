/**
 * What a pass means to each of a person's tokens, and what becomes of them: pure, nothing is looked up and nothing written.
 *
 * A pass is PIN and value together (the value last, or first where `PrependPin` is off), or the PIN alone, which makes an sms token send.
 * For every token all is computed whatever came out before, but for whom PIN and token are right, so that the time tells little.
 */
import type { PinMode } from '../policy/linotp/actions.ts';
import { findCounter, timeStepAt } from './hotp.ts';
import type { Pins } from './pins.ts';
import type { Token } from './token.ts';

export interface Rules {
  readonly now: number;
  readonly mode: PinMode;
  readonly prependPin: boolean;
  /** Of sms tokens only the value that was sent. */
  readonly strict: boolean;
  /** Milliseconds until a token locked by failures is let go; 0: never. */
  readonly releaseMs: number;
  /** Texts that are the person's password; asked before. */
  readonly passwords: ReadonlySet<string>;
}

export interface Judged {
  readonly token: Token;
  /** It may be used now. */
  readonly usable: boolean;
  /** The counter whose value was given. */
  readonly counter: number | undefined;
  /** What stands before the value is the PIN. */
  readonly pin: boolean;
}

export function judge(token: Token, pass: string, rules: Rules, seed: Uint8Array, pins: Pins): Judged {
  const [pin, value] = splitPass(pass, token.otpLength, rules.prependPin);
  const usable = isUsable(token, rules.now);
  const isRight = isPin(pin, token, rules, pins);
  return {
    token,
    usable,
    // Only to whom the PIN is right, and the token free, may the time tell that the value is, too.
    counter: findCounter(seed, value, windowOf(token, rules), token.otpLength, token.hash, usable && isRight),
    pin: isRight,
  };
}

export function splitPass(pass: string, otpLength: number, prependPin: boolean): [pin: string, value: string] {
  const cut = prependPin ? Math.max(0, pass.length - otpLength) : otpLength;
  return prependPin ? [pass.slice(0, cut), pass.slice(cut)] : [pass.slice(cut), pass.slice(0, cut)];
}

export function isPin(text: string, { serial, pin }: Token, { mode, passwords }: Rules, pins: Pins): boolean {
  const isTokenPin = pins.matches(text, serial, pin);
  switch (mode) {
    case 'token_pin':
      return isTokenPin;
    case 'password':
      return passwords.has(text);
    case 'only_otp':
      return text === '';
    case 'ignore_pin':
      return true;
  }
}

/** Counters whose values are accepted, both included; none where the second is less. */
export function windowOf(token: Token, { now, strict }: Pick<Rules, 'now' | 'strict'>): [number, number] {
  const { type, counter, countWindow, timeStep, timeWindow, timeShift, sentCounter, sentUntil } = token;
  if (type === 'totp') {
    const step = timeStepAt(now, timeStep, timeShift);
    const steps = Math.floor(timeWindow / timeStep);
    return [Math.max(counter, step - steps), step + steps];
  }
  if (type === 'sms' && sentUntil < now) return [counter, counter - 1];
  if (type === 'sms' && strict) return [Math.max(counter, sentCounter), sentCounter];
  return [counter, counter + countWindow - 1];
}

export function isUsable(token: Token, now: number): boolean {
  const { countAuth, countAuthMax, countAuthSuccess, countAuthSuccessMax, validFrom, validUntil } = token;
  return (
    token.active &&
    token.failCount < token.maxFailCount &&
    (countAuthMax === 0 || countAuth < countAuthMax) &&
    (countAuthSuccessMax === 0 || countAuthSuccess < countAuthSuccessMax) &&
    validFrom <= now &&
    (validUntil === 0 || now < validUntil)
  );
}

/** The token as it is after its time in the lock is over. */
export function released(token: Token, { now, releaseMs }: Pick<Rules, 'now' | 'releaseMs'>): Token {
  const isOver = token.lockedAt > 0 && releaseMs > 0 && now - token.lockedAt >= releaseMs;
  return isOver ? { ...token, failCount: 0, lockedAt: 0 } : token;
}

/** One failure more; a token over its limit goes on counting. */
export function failed(token: Token, now: number): Token {
  const failCount = token.failCount + 1;
  const lockedAt = token.lockedAt === 0 && failCount >= token.maxFailCount ? now : token.lockedAt;
  return { ...token, failCount, lockedAt, countAuth: token.countAuth + 1 };
}

/** The value of this counter is used up, whatever comes of it. */
export function used(token: Token, counter: number, now: number): Token {
  return {
    ...token,
    counter: counter + 1,
    syncCounter: -1,
    syncUntil: 0,
    lastMatch: now,
    countAuth: token.countAuth + 1,
  };
}

/** It opened the door. */
export function succeeded(token: Token, now: number): Token {
  return { ...token, failCount: 0, lockedAt: 0, lastSuccess: now, countAuthSuccess: token.countAuthSuccess + 1 };
}
