/**
 * MD5 (RFC 1321) for texts as short as a RADIUS packet's: a call out of JavaScript and the object that it makes cost several times the sum
 * itself, and a request needs nine of its blocks. A state that is kept carries on where a first block ended, which is what HMAC wants.
 *
 * MD5 is what RADIUS has. Nothing else is to be built on it.
 */

/** The words that a sum begins with, or that it has come to. */
export type Md5State = Int32Array;

export const BLOCK = 64;
export const DIGEST = 16;
/** Of a buffer behind what is to be summed. */
export const PADDING = BLOCK + 8;

const START: Md5State = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
const words = new Int32Array(16);

/**
 * Sums the first `length` bytes, behind which there is room for PADDING and is written over; the sum goes into `sum`.
 * `state` and `before`: what a sum over so many bytes, whole blocks, has come to.
 */
export function md5(bytes: Uint8Array, length: number, sum: Uint8Array, state = START, before = 0): void {
  const end = length + 8 - ((length + 8) % BLOCK) + BLOCK;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  const bits = 8 * (before + length);
  for (let i = 0; i < 4; i++) bytes[end - 8 + i] = bits >>> (8 * i);
  working.set(state);
  for (let at = 0; at < end; at += BLOCK) mix(working, bytes, at);
  for (let i = 0; i < DIGEST; i++) sum[i] = working[i >> 2]! >>> (8 * (i & 3));
}

/** The state behind one block. */
export function md5Block(bytes: Uint8Array): Md5State {
  const state = Int32Array.from(START);
  mix(state, bytes, 0);
  return state;
}

const working: Md5State = new Int32Array(4);

function mix(state: Md5State, bytes: Uint8Array, from: number): void {
  for (let i = 0, at = from; i < 16; i++, at += 4)
    words[i] = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const a = state[0]!;
  const b = state[1]!;
  const c = state[2]!;
  const d = state[3]!;
  first(state, words);
  second(state, words);
  third(state, words);
  fourth(state, words);
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}

/** Steps are written out: as a loop with tables they take three times as long. */
function first(s: Md5State, w: Int32Array): void {
  let a = s[0]!;
  let b = s[1]!;
  let c = s[2]!;
  let d = s[3]!;
  a = (b + left((a + (d ^ (b & (c ^ d))) + w[0]! + 0xd76aa478) | 0, 7)) | 0;
  d = (a + left((d + (c ^ (a & (b ^ c))) + w[1]! + 0xe8c7b756) | 0, 12)) | 0;
  c = (d + left((c + (b ^ (d & (a ^ b))) + w[2]! + 0x242070db) | 0, 17)) | 0;
  b = (c + left((b + (a ^ (c & (d ^ a))) + w[3]! + 0xc1bdceee) | 0, 22)) | 0;
  a = (b + left((a + (d ^ (b & (c ^ d))) + w[4]! + 0xf57c0faf) | 0, 7)) | 0;
  d = (a + left((d + (c ^ (a & (b ^ c))) + w[5]! + 0x4787c62a) | 0, 12)) | 0;
  c = (d + left((c + (b ^ (d & (a ^ b))) + w[6]! + 0xa8304613) | 0, 17)) | 0;
  b = (c + left((b + (a ^ (c & (d ^ a))) + w[7]! + 0xfd469501) | 0, 22)) | 0;
  a = (b + left((a + (d ^ (b & (c ^ d))) + w[8]! + 0x698098d8) | 0, 7)) | 0;
  d = (a + left((d + (c ^ (a & (b ^ c))) + w[9]! + 0x8b44f7af) | 0, 12)) | 0;
  c = (d + left((c + (b ^ (d & (a ^ b))) + w[10]! + 0xffff5bb1) | 0, 17)) | 0;
  b = (c + left((b + (a ^ (c & (d ^ a))) + w[11]! + 0x895cd7be) | 0, 22)) | 0;
  a = (b + left((a + (d ^ (b & (c ^ d))) + w[12]! + 0x6b901122) | 0, 7)) | 0;
  d = (a + left((d + (c ^ (a & (b ^ c))) + w[13]! + 0xfd987193) | 0, 12)) | 0;
  c = (d + left((c + (b ^ (d & (a ^ b))) + w[14]! + 0xa679438e) | 0, 17)) | 0;
  b = (c + left((b + (a ^ (c & (d ^ a))) + w[15]! + 0x49b40821) | 0, 22)) | 0;
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
}

function second(s: Md5State, w: Int32Array): void {
  let a = s[0]!;
  let b = s[1]!;
  let c = s[2]!;
  let d = s[3]!;
  a = (b + left((a + (c ^ (d & (b ^ c))) + w[1]! + 0xf61e2562) | 0, 5)) | 0;
  d = (a + left((d + (b ^ (c & (a ^ b))) + w[6]! + 0xc040b340) | 0, 9)) | 0;
  c = (d + left((c + (a ^ (b & (d ^ a))) + w[11]! + 0x265e5a51) | 0, 14)) | 0;
  b = (c + left((b + (d ^ (a & (c ^ d))) + w[0]! + 0xe9b6c7aa) | 0, 20)) | 0;
  a = (b + left((a + (c ^ (d & (b ^ c))) + w[5]! + 0xd62f105d) | 0, 5)) | 0;
  d = (a + left((d + (b ^ (c & (a ^ b))) + w[10]! + 0x02441453) | 0, 9)) | 0;
  c = (d + left((c + (a ^ (b & (d ^ a))) + w[15]! + 0xd8a1e681) | 0, 14)) | 0;
  b = (c + left((b + (d ^ (a & (c ^ d))) + w[4]! + 0xe7d3fbc8) | 0, 20)) | 0;
  a = (b + left((a + (c ^ (d & (b ^ c))) + w[9]! + 0x21e1cde6) | 0, 5)) | 0;
  d = (a + left((d + (b ^ (c & (a ^ b))) + w[14]! + 0xc33707d6) | 0, 9)) | 0;
  c = (d + left((c + (a ^ (b & (d ^ a))) + w[3]! + 0xf4d50d87) | 0, 14)) | 0;
  b = (c + left((b + (d ^ (a & (c ^ d))) + w[8]! + 0x455a14ed) | 0, 20)) | 0;
  a = (b + left((a + (c ^ (d & (b ^ c))) + w[13]! + 0xa9e3e905) | 0, 5)) | 0;
  d = (a + left((d + (b ^ (c & (a ^ b))) + w[2]! + 0xfcefa3f8) | 0, 9)) | 0;
  c = (d + left((c + (a ^ (b & (d ^ a))) + w[7]! + 0x676f02d9) | 0, 14)) | 0;
  b = (c + left((b + (d ^ (a & (c ^ d))) + w[12]! + 0x8d2a4c8a) | 0, 20)) | 0;
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
}

function third(s: Md5State, w: Int32Array): void {
  let a = s[0]!;
  let b = s[1]!;
  let c = s[2]!;
  let d = s[3]!;
  a = (b + left((a + (b ^ c ^ d) + w[5]! + 0xfffa3942) | 0, 4)) | 0;
  d = (a + left((d + (a ^ b ^ c) + w[8]! + 0x8771f681) | 0, 11)) | 0;
  c = (d + left((c + (d ^ a ^ b) + w[11]! + 0x6d9d6122) | 0, 16)) | 0;
  b = (c + left((b + (c ^ d ^ a) + w[14]! + 0xfde5380c) | 0, 23)) | 0;
  a = (b + left((a + (b ^ c ^ d) + w[1]! + 0xa4beea44) | 0, 4)) | 0;
  d = (a + left((d + (a ^ b ^ c) + w[4]! + 0x4bdecfa9) | 0, 11)) | 0;
  c = (d + left((c + (d ^ a ^ b) + w[7]! + 0xf6bb4b60) | 0, 16)) | 0;
  b = (c + left((b + (c ^ d ^ a) + w[10]! + 0xbebfbc70) | 0, 23)) | 0;
  a = (b + left((a + (b ^ c ^ d) + w[13]! + 0x289b7ec6) | 0, 4)) | 0;
  d = (a + left((d + (a ^ b ^ c) + w[0]! + 0xeaa127fa) | 0, 11)) | 0;
  c = (d + left((c + (d ^ a ^ b) + w[3]! + 0xd4ef3085) | 0, 16)) | 0;
  b = (c + left((b + (c ^ d ^ a) + w[6]! + 0x04881d05) | 0, 23)) | 0;
  a = (b + left((a + (b ^ c ^ d) + w[9]! + 0xd9d4d039) | 0, 4)) | 0;
  d = (a + left((d + (a ^ b ^ c) + w[12]! + 0xe6db99e5) | 0, 11)) | 0;
  c = (d + left((c + (d ^ a ^ b) + w[15]! + 0x1fa27cf8) | 0, 16)) | 0;
  b = (c + left((b + (c ^ d ^ a) + w[2]! + 0xc4ac5665) | 0, 23)) | 0;
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
}

function fourth(s: Md5State, w: Int32Array): void {
  let a = s[0]!;
  let b = s[1]!;
  let c = s[2]!;
  let d = s[3]!;
  a = (b + left((a + (c ^ (b | ~d)) + w[0]! + 0xf4292244) | 0, 6)) | 0;
  d = (a + left((d + (b ^ (a | ~c)) + w[7]! + 0x432aff97) | 0, 10)) | 0;
  c = (d + left((c + (a ^ (d | ~b)) + w[14]! + 0xab9423a7) | 0, 15)) | 0;
  b = (c + left((b + (d ^ (c | ~a)) + w[5]! + 0xfc93a039) | 0, 21)) | 0;
  a = (b + left((a + (c ^ (b | ~d)) + w[12]! + 0x655b59c3) | 0, 6)) | 0;
  d = (a + left((d + (b ^ (a | ~c)) + w[3]! + 0x8f0ccc92) | 0, 10)) | 0;
  c = (d + left((c + (a ^ (d | ~b)) + w[10]! + 0xffeff47d) | 0, 15)) | 0;
  b = (c + left((b + (d ^ (c | ~a)) + w[1]! + 0x85845dd1) | 0, 21)) | 0;
  a = (b + left((a + (c ^ (b | ~d)) + w[8]! + 0x6fa87e4f) | 0, 6)) | 0;
  d = (a + left((d + (b ^ (a | ~c)) + w[15]! + 0xfe2ce6e0) | 0, 10)) | 0;
  c = (d + left((c + (a ^ (d | ~b)) + w[6]! + 0xa3014314) | 0, 15)) | 0;
  b = (c + left((b + (d ^ (c | ~a)) + w[13]! + 0x4e0811a1) | 0, 21)) | 0;
  a = (b + left((a + (c ^ (b | ~d)) + w[4]! + 0xf7537e82) | 0, 6)) | 0;
  d = (a + left((d + (b ^ (a | ~c)) + w[11]! + 0xbd3af235) | 0, 10)) | 0;
  c = (d + left((c + (a ^ (d | ~b)) + w[2]! + 0x2ad7d2bb) | 0, 15)) | 0;
  b = (c + left((b + (d ^ (c | ~a)) + w[9]! + 0xeb86d391) | 0, 21)) | 0;
  s[0] = a;
  s[1] = b;
  s[2] = c;
  s[3] = d;
}

function left(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
