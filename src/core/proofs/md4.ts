/** MD4 (RFC 1320): broken as a hash, and what NT passwords are kept as; OpenSSL 3 has it no more. For whole messages of moderate length. */

const SHIFTS = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const;
/** Which word of the block each step takes. */
const ORDER = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
] as const;
const ADDED = [0, 0x5a827999, 0x6ed9eba1] as const;

export function md4(message: Uint8Array): Buffer {
  const padded = Buffer.alloc(((message.length + 8) >>> 6) * 64 + 64);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(8n * BigInt(message.length), padded.length - 8);
  let [a, b, c, d] = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];
  for (let block = 0; block < padded.length; block += 64) {
    const before = [a, b, c, d] as const;
    for (let round = 0; round < 3; round++) {
      for (let step = 0; step < 16; step++) {
        const word = padded.readUInt32LE(block + 4 * ORDER[round]![step]!);
        const sum = (a + mixed(round, b, c, d) + word + ADDED[round]!) | 0;
        const shift = SHIFTS[round]![step % 4]!;
        [a, b, c, d] = [d, (sum << shift) | (sum >>> (32 - shift)), b, c];
      }
    }
    a = (a + before[0]) | 0;
    b = (b + before[1]) | 0;
    c = (c + before[2]) | 0;
    d = (d + before[3]) | 0;
  }
  const digest = Buffer.alloc(16);
  for (const [at, word] of [a, b, c, d].entries()) digest.writeInt32LE(word | 0, 4 * at);
  return digest;
}

/** F, G and H of section 3.4. */
function mixed(round: number, x: number, y: number, z: number): number {
  if (round === 0) return (x & y) | (~x & z);
  return round === 1 ? (x & y) | (x & z) | (y & z) : x ^ y ^ z;
}
