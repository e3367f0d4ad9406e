/** What a program or a server may answer. Errors: HOOK_FAILED. */
import { GatehouseError } from '../../platform/errors.ts';
import type { ProgramResult } from '../../platform/helper/types.ts';
import { limitsOf, spokenLimits, type Terms } from '../gate/terms.ts';
import type { HookAnswer } from './types.ts';

/** A year: what is longer is meant to have no end, and is no number for a clock. */
const MOST_SECONDS = 31_536_000;
const LONGEST_REASON = 200;

/** Exit status 0 and at most three, or five, numbers on the first line (`spokenLimits`); any other status refuses, and the first line is the reason. */
export function programAnswer({ exitCode, signal, timedOut, stdout }: ProgramResult): HookAnswer {
  if (timedOut) throw failed('its time was over');
  if (signal !== null) throw failed(`it was ended by ${signal}`);
  const line = stdout.toString('utf8').split('\n', 1)[0]!.trim();
  if (exitCode !== 0) return { admitted: false, reason: shown(line) };
  const words = line === '' ? [] : line.split(/\s+/);
  if (words.length > 5 || words.length === 4 || !words.every((word) => /^\d{1,15}$/.test(word)))
    throw failed(`it printed no numbers: ${shown(line)}`);
  return { admitted: true, terms: termsOf(spokenLimits(words.map(Number))) };
}

/** `{"admit": true, "seconds": 600, "upload": 0, "download": 0, "upload_kbit": 0, "download_kbit": 0}` or `{"admit": false, "reason": "…"}`. */
export function webhookAnswer(text: string): HookAnswer {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw failed(`it answered no JSON: ${shown(text)}`);
  }
  if (typeof value !== 'object' || value === null) throw failed(`it answered no object: ${shown(text)}`);
  const {
    admit,
    reason,
    seconds,
    upload,
    download,
    upload_kbit: up,
    download_kbit: down,
  } = value as Record<string, unknown>;
  if (typeof admit !== 'boolean') throw failed(`its answer has no "admit": ${shown(text)}`);
  if (!admit) return { admitted: false, reason: typeof reason === 'string' ? shown(reason) : '' };
  return { admitted: true, terms: termsOf([seconds, upload, download, up, down].map(numberOf)) };
}

function numberOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw failed(`it answered no number: ${shown(JSON.stringify(value))}`);
}

/** 0 is no limit. */
function termsOf(limits: readonly (number | undefined)[]): Terms {
  if ((limits[0] ?? 0) > MOST_SECONDS) throw failed(`it gave more than ${MOST_SECONDS} seconds`);
  return limitsOf(limits);
}

export function failed(what: string, cause?: unknown): GatehouseError {
  return new GatehouseError('HOOK_FAILED', what, cause === undefined ? {} : { cause });
}

function shown(text: string): string {
  return text.slice(0, LONGEST_REASON).replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
}
