/** The strings and times that KPPP has for a modem of which it knows nothing. */
import type { ModemStrings } from './types.ts';

export const DEFAULT_STRINGS: ModemStrings = {
  speed: 57_600,
  flowControl: 'hardware',
  lineEnd: '\r',
  init: ['ATZ'],
  initResponse: 'OK',
  preInitDelayMs: 250,
  initDelayMs: 500,
  toneDurationMs: undefined,
  volume: 'M1L1',
  noDialToneDetection: 'ATX3',
  waitForDialTone: true,
  dial: 'ATDT',
  connect: 'CONNECT',
  busy: 'BUSY',
  noCarrier: 'NO CARRIER',
  noDialTone: 'NO DIALTONE',
  digitalLine: 'DIGITAL LINE DETECTED',
  ring: 'RING',
  answer: 'ATA',
  answerResponse: 'CONNECT',
  hangUp: '+++ATH',
  hangUpResponse: 'OK',
  escape: '+++',
  escapeResponse: 'OK',
  // KPPP sleeps (50 + 3) x 20 ms.
  escapeGuardMs: 1060,
};

/** What ends a command that is no call, whatever the strings are. */
export function isAnswer(line: string, strings: ModemStrings): boolean {
  return /^(?:ERROR|\+CM[ES] ERROR.*)$/.test(line) || isDone(line, strings);
}

/** Never the answer to a call that is dialled or taken. */
export function isDone(line: string, { initResponse, hangUpResponse, escapeResponse }: ModemStrings): boolean {
  return ['OK', initResponse, hangUpResponse, escapeResponse].includes(line);
}

/** What ends a command or an attempt at a call. */
export function isFinal(line: string, strings: ModemStrings): boolean {
  if (isAnswer(line, strings) || /^(?:NO CARRIER|NO ANSWER|NO DIAL ?TONE|BUSY|CONNECT(?: .*)?)$/.test(line))
    return true;
  const { connect, answerResponse, busy, noCarrier, noDialTone, digitalLine } = strings;
  if (line.startsWith(connect) || line.startsWith(answerResponse)) return true;
  return [busy, noCarrier, noDialTone, digitalLine].includes(line);
}

export type CallKind = 'connected' | 'busy' | 'no carrier' | 'no answer' | 'no dialtone' | 'error';

/** What a result says of a call that was dialled or answered. */
export function callKind(result: string, strings: ModemStrings): CallKind {
  if (result.startsWith(strings.connect) || result.startsWith(strings.answerResponse)) return 'connected';
  if (result === strings.busy || result === 'BUSY') return 'busy';
  if (result === 'NO ANSWER') return 'no answer';
  if (result === strings.noCarrier || result === 'NO CARRIER') return 'no carrier';
  const silent = [strings.noDialTone, strings.digitalLine].includes(result) || /^NO DIAL ?TONE$/.test(result);
  return silent ? 'no dialtone' : 'error';
}
