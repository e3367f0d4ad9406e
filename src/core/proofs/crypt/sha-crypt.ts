/**
 * sha256crypt (`$5$`) and sha512crypt (`$6$`) as crypt(3) of glibc computes them.
 *
 * Source: U. Drepper, Unix crypt using SHA-256 and SHA-512, version 0.6; the step numbers in comments are its.
 */
import { createHash, hash } from 'node:crypto';
import { crypt64Bytes } from './alphabet.ts';
import { inSlices } from './rounds.ts';

const USUAL_ROUNDS = 5000;
const LEAST_ROUNDS = 1000;
/** What a stored hash may ask of us; the specification has 999,999,999. */
const MOST_ROUNDS = 1_000_000;
const LONGEST_SALT = 16;

const SHA256_ORDER = [...rotated(10, 3), [31, 30]];
const SHA512_ORDER = [...rotated(21, 1), [63]];

/** The setting is a whole stored hash, or its front. Undefined: it is none of these, or asks for too many rounds. */
export async function shaCrypt(password: string, setting: string): Promise<string | undefined> {
  const match = /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$:\n]*)/.exec(setting);
  if (!match) return undefined;
  const [, id, given, longSalt = ''] = match;
  const rounds = Math.max(Number(given ?? USUAL_ROUNDS), LEAST_ROUNDS);
  if (rounds > MOST_ROUNDS) return undefined;
  const salt = Buffer.from(longSalt).subarray(0, LONGEST_SALT);
  const is512 = id === '6';
  const digest = await compute(is512 ? 'sha512' : 'sha256', Buffer.from(password), salt, rounds);
  const cost = given === undefined ? '' : `rounds=${rounds}$`;
  return `$${id}$${cost}${salt}$${crypt64Bytes(digest, is512 ? SHA512_ORDER : SHA256_ORDER)}`;
}

async function compute(algorithm: string, key: Buffer, salt: Buffer, rounds: number): Promise<Buffer> {
  const b = hash(algorithm, Buffer.concat([key, salt, key]), 'buffer'); // 4-8
  const a = createHash(algorithm).update(key).update(salt).update(cycled(b, key.length)); // 1-3, 9, 10
  for (let length = key.length; length > 0; length >>= 1) a.update(length & 1 ? b : key); // 11
  let digest = a.digest(); // 12
  const dp = createHash(algorithm); // 13-15
  for (let i = 0; i < key.length; i++) dp.update(key);
  const p = cycled(dp.digest(), key.length); // 16
  const ds = createHash(algorithm); // 17-19
  for (let i = 0; i < 16 + digest[0]!; i++) ds.update(salt);
  const s = cycled(ds.digest(), salt.length); // 20
  await inSlices(rounds, (round) => {
    const odd = (round & 1) === 1;
    const parts = [odd ? p : digest];
    if (round % 3 !== 0) parts.push(s);
    if (round % 7 !== 0) parts.push(p);
    parts.push(odd ? digest : p);
    digest = hash(algorithm, Buffer.concat(parts), 'buffer'); // 21
  });
  return digest;
}

function cycled(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

/** Step 22's order: the three thirds of the digest side by side, the first of them turning by `turn` from group to group. */
function rotated(third: number, turn: 1 | 3): number[][] {
  return Array.from({ length: third }, (_, i) => {
    const row = [i, i + third, i + 2 * third];
    const by = (turn === 1 ? i : 2 * i) % 3;
    return [...row.slice(by), ...row.slice(0, by)];
  });
}
