/**
 * An endless supply of broken SIP: the torture messages, cut, spliced, flipped and repeated by a seeded generator. The same seed
 * gives the same messages on every machine.
 */
import { INVALID } from '../torture/invalid.ts';
import { VALID } from '../torture/valid.ts';

/** Long ones would only make the run slow: they are tortured once, in test/torture. */
const LONGEST_SEED = 4096;
const LONGEST_RESULT = 16_384;

const corpus = [...VALID, ...INVALID].map((one) => one.text).filter((text) => text.length <= LONGEST_SEED);
const NUMBERS = ['-1', '0', '4294967296', '99999999999999999999', '1e9', '0x10', '2147483648', '', ' ', '00000000001'];
const BYTES = '\0\r\n\t ;,:<>"\\=@%?/[]*\x7F\xFF';

/** `count` messages; each is a corpus message after one to four mutations. */
export function* mutations(seed: number, count: number): Iterable<string> {
  const random = generator(seed);
  for (let i = 0; i < count; i++) yield mutate(pick(corpus, random), random);
}

/** The message after one to four mutations. */
export function mutate(message: string, random: Random): string {
  let text = message;
  for (let steps = random(4); steps >= 0; steps--) text = pick(MUTATIONS, random)(text, random);
  return text.slice(0, LONGEST_RESULT);
}

/** A whole number from 0 to below `limit`. */
export type Random = (limit: number) => number;

const MUTATIONS: readonly ((text: string, random: Random) => string)[] = [
  function truncate(text, random) {
    return text.slice(0, random(text.length + 1));
  },
  function behead(text, random) {
    return text.slice(random(text.length + 1));
  },
  function flipBit(text, random) {
    const at = random(text.length);
    return replaceAt(text, at, at + 1, String.fromCharCode((text.charCodeAt(at) ^ (1 << random(8))) & 255));
  },
  function insertByte(text, random) {
    const at = random(text.length + 1);
    return replaceAt(text, at, at, BYTES.charAt(random(BYTES.length)));
  },
  function removePiece(text, random) {
    const at = random(text.length + 1);
    return replaceAt(text, at, at + random(20), '');
  },
  function repeatPiece(text, random) {
    const at = random(text.length + 1);
    const piece = text.slice(at, at + 1 + random(12));
    return replaceAt(text, at, at, piece.repeat(random(200)));
  },
  function splice(text, random) {
    const other = pick(corpus, random);
    return text.slice(0, random(text.length + 1)) + other.slice(random(other.length + 1));
  },
  function duplicateLine(text, random) {
    const all = text.split('\r\n');
    const line = pick(all, random);
    all.splice(random(all.length + 1), 0, ...Array.from({ length: 1 + random(3) }, () => line));
    return all.join('\r\n');
  },
  function moveLine(text, random) {
    const all = text.split('\r\n');
    const [line = ''] = all.splice(random(all.length), 1);
    all.splice(random(all.length + 1), 0, line);
    return all.join('\r\n');
  },
  function foldLine(text, random) {
    const at = text.indexOf(' ', random(text.length + 1));
    return at < 0 ? text : replaceAt(text, at, at, random(2) === 0 ? '\r\n' : '\n');
  },
  function absurdNumber(text, random) {
    const from = random(text.length + 1);
    for (let at = from; at < text.length; at++) {
      if (!isDigit(text, at)) continue;
      let end = at;
      while (isDigit(text, end)) end++;
      return replaceAt(text, at, end, pick(NUMBERS, random));
    }
    return text;
  },
  function swapCase(text, random) {
    const at = random(text.length + 1);
    const piece = text.slice(at, at + random(40));
    return replaceAt(text, at, at + piece.length, random(2) === 0 ? piece.toUpperCase() : piece.toLowerCase()).slice(
      0,
      text.length,
    );
  },
];

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

function replaceAt(text: string, start: number, end: number, piece: string): string {
  return text.slice(0, start) + piece + text.slice(end);
}

export function pick<T>(list: readonly T[], random: Random): T {
  return list[random(list.length)]!;
}

/** mulberry32: small, and good enough to break messages. */
export function generator(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return limit <= 1 ? 0 : ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
