/** What a gateway answered, fit for logs and lists: some echo the message, and nobody is to read a code or a number there. */
import { maskedNumber } from './masked-number.ts';

/** Digits in a row that could be a code, or the part of a number by which somebody is known. */
const CODE = /[0-9]{4,}/g;
const NUMBER_LIKE = /\+?[0-9]{6,}/g;
const LONGEST = 200;

export function scrubbed(answer: string, { number, text }: { number: string; text: string }): string {
  const digits = number.replace(/[^0-9]/g, '');
  let left = text === '' ? answer : answer.replaceAll(text, '…');
  left = left.replace(NUMBER_LIKE, (found) => (isPartOf(found, digits) ? maskedNumber(found) : found));
  for (const [code] of text.matchAll(CODE)) left = left.replaceAll(code, '…');
  return left.length > LONGEST ? `${left.slice(0, LONGEST)}…` : left;
}

/** As gateways write it: with 00 or another prefix before it, or without that of its country. */
function isPartOf(found: string, digits: string): boolean {
  const bare = found.replace('+', '').replace(/^0+/, '');
  return digits.length >= 6 && (digits.endsWith(bare) || bare.endsWith(digits));
}
