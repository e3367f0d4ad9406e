/**
 * What a BinAuth program said: `seconds upload download` on its first line, of which the last two may be missing, or openNDS's five numbers with
 * rates, and exit status 0. Anything else is a refusal, and why is told to the log.
 */
import { spokenLimits } from '../../../core/gate/terms.ts';
import type { ProgramResult } from '../../../platform/helper/types.ts';
import { type Bytes, bytesOfKbit } from '../clients.ts';

export type Answer =
  /** `seconds` and `rate` 0: what holds for everybody. Bytes of the session, 0 = no limit. */
  | { readonly is: 'yes'; readonly seconds: number; readonly most: Bytes; readonly rate: Bytes }
  /** `why`: worth a line in the log; undefined: the program just said no. */
  | { readonly is: 'no'; readonly why: string | undefined };

/** A year: what is longer is meant to have no end, and is no number for a clock. */
const MOST_SECONDS = 31_536_000;

export function readAnswer({ exitCode, signal, timedOut, stdout }: ProgramResult): Answer {
  if (timedOut) return no('its time was over');
  if (signal !== null) return no(`it was ended by ${signal}`);
  if (exitCode !== 0) return { is: 'no', why: undefined };
  const line = stdout.toString('latin1').split('\n', 1)[0]!.trim();
  if (line === '') return { is: 'no', why: undefined };
  const words = line.split(/\s+/, 5);
  // What stands behind three numbers and is not the rest of five, nodogsplash does not read.
  const numbers = words.every(isNumber) ? words : words.slice(0, 3);
  if (!numbers.every(isNumber)) return no(`it printed no numbers: ${shown(line)}`);
  const limits = spokenLimits(numbers.map(Number));
  const [seconds, upload, download, up, down] = limits;
  if (limits.some((limit) => limit < 0)) return no(`it printed a negative number: ${shown(line)}`);
  if (seconds > MOST_SECONDS) return no(`it printed more than ${MOST_SECONDS} seconds: ${shown(line)}`);
  return { is: 'yes', seconds, most: { sent: upload, received: download }, rate: bytesOfKbit(up, down) };
}

function isNumber(word: string): boolean {
  return /^-?\d{1,15}$/.test(word);
}

function no(why: string): Answer {
  return { is: 'no', why };
}

function shown(line: string): string {
  return line.slice(0, 60).replaceAll(/[^\x20-\x7e]/g, '?');
}
