/**
 * What a BinAuth program said: `seconds upload download` on its first line, of which the last two may be missing, and exit status 0.
 * Anything else is a refusal, and why is told to the log.
 */

import type { ProgramResult } from '../../../platform/helper/types.ts';
import type { Bytes } from '../clients.ts';

export type Answer =
  /** `seconds` 0: the time that holds for everybody. Bytes of the session, 0 = no limit. */
  | { readonly is: 'yes'; readonly seconds: number; readonly most: Bytes }
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
  const words = line.split(/\s+/, 3);
  if (!words.every((word) => /^-?\d{1,15}$/.test(word))) return no(`it printed no numbers: ${shown(line)}`);
  const [seconds = 0, upload = 0, download = 0] = words.map(Number);
  if (seconds < 0 || upload < 0 || download < 0) return no(`it printed a negative number: ${shown(line)}`);
  if (seconds > MOST_SECONDS) return no(`it printed more than ${MOST_SECONDS} seconds: ${shown(line)}`);
  return { is: 'yes', seconds, most: { sent: upload, received: download } };
}

function no(why: string): Answer {
  return { is: 'no', why };
}

function shown(line: string): string {
  return line.slice(0, 60).replaceAll(/[^\x20-\x7e]/g, '?');
}
