import type { Attribute } from '../../platform/radius/attributes.ts';

/** What an opened session may do at most; absent: no limit of this kind. */
export interface Terms {
  readonly seconds?: number;
  /** Bytes that the client may send and receive. */
  readonly upload?: number;
  readonly download?: number;
  /** How fast. */
  readonly uploadKbit?: number;
  readonly downloadKbit?: number;
  /** What an answer of the door radius says besides. */
  readonly reply?: readonly Attribute[];
}

export const NO_TERMS: Terms = {};

/** Both hold. */
export function stricter(a: Terms, b: Terms): Terms {
  if (a === NO_TERMS || b === NO_TERMS) return a === NO_TERMS ? b : a;
  const reply = [...(a.reply ?? []), ...(b.reply ?? [])];
  const limits = limitsOf(LIMITS.map((name) => least(a[name], b[name])));
  return reply.length > 0 ? { ...limits, reply } : limits;
}

const LIMITS = ['seconds', 'upload', 'download', 'uploadKbit', 'downloadKbit'] as const;

/** In this order; 0 and nothing are no limit. */
export function limitsOf(numbers: readonly (number | undefined)[]): Terms {
  return Object.fromEntries(LIMITS.map((name, i) => [name, numbers[i]]).filter(([, limit]) => limit));
}

/**
 * What a program says on a line: `SECONDS UPLOAD DOWNLOAD` with volumes in bytes, missing ones 0; with five numbers as openNDS's programs have it,
 * `SECONDS UPLOAD-KBIT DOWNLOAD-KBIT UPLOAD DOWNLOAD` with volumes in kB, taken for 1,000 bytes.
 */
export function spokenLimits(numbers: readonly number[]): [number, number, number, number, number] {
  const [seconds = 0, first = 0, second = 0, third = 0, fourth = 0] = numbers;
  return numbers.length < 5 ? [seconds, first, second, 0, 0] : [seconds, 1_000 * third, 1_000 * fourth, first, second];
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
