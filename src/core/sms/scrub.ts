/**
 * What a gateway answered, fit for logs and lists: some echo what they were sent, and nobody is to read a code, a number or a password of
 * ours there.
 */
import { maskedNumber } from './masked-number.ts';

/** Digits in a row that could be a code, or the part of a number by which somebody is known. */
const CODE = /[0-9]{4,}/g;
const NUMBER_LIKE = /\+?[0-9]{6,}/g;
/** Credentials of HTTP, whatever they are made of. */
const CREDENTIALS = /\b(basic|bearer)\s+[A-Za-z0-9+/=._~-]{4,}/gi;
/** Shorter ones stand in any text. */
const SHORTEST_SECRET = 3;
const LONGEST = 200;

/** `secrets`: of the provider's configuration. */
export function scrubbed(
  answer: string,
  { number, text }: { number: string; text: string },
  secrets: readonly string[] = [],
): string {
  const digits = number.replace(/[^0-9]/g, '');
  let left = answer.replace(CREDENTIALS, '$1 …');
  for (const secret of [text, ...secrets.filter(({ length }) => length >= SHORTEST_SECRET)])
    for (const form of formsOf(secret)) left = left.replaceAll(form, '…');
  left = left.replace(NUMBER_LIKE, (found) => (isPartOf(found, digits) ? maskedNumber(found) : found));
  for (const [code] of text.matchAll(CODE)) left = left.replaceAll(code, '…');
  return left.length > LONGEST ? `${left.slice(0, LONGEST)}…` : left;
}

/** In the clear, in JSON, in an address, in a form, and in Base64 wherever in a longer text it began. */
function formsOf(secret: string): Set<string> {
  if (secret === '') return new Set();
  const bytes = Buffer.from(secret);
  const encoded = [0, 1, 2].map((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    // Without the letters that depend on what stands beside it.
    return whole.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6));
  });
  const form = new URLSearchParams({ '': secret }).toString().slice(1);
  return new Set([secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), form, ...encoded]);
}

/** As gateways write it: with 00 or another prefix before it, or without that of its country. */
function isPartOf(found: string, digits: string): boolean {
  const bare = found.replace('+', '').replace(/^0+/, '');
  return digits.length >= 6 && (digits.endsWith(bare) || bare.endsWith(digits));
}
