/**
 * md5crypt (`$1$`), and Apache's form of it (`$apr1$`).
 *
 * Source: P.-H. Kamp, crypt.c of FreeBSD 2.0; its loops are taken as they are, odd ones too.
 */
import { createHash, hash } from 'node:crypto';
import { crypt64Bytes } from './alphabet.ts';
import { inSlices } from './rounds.ts';

const ROUNDS = 1000;
const LONGEST_SALT = 8;
const ORDER = [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5], [11]];

/** The setting is a whole stored hash, or its front. Undefined: it is none of these. */
export async function md5Crypt(password: string, setting: string): Promise<string | undefined> {
  const match = /^(\$1\$|\$apr1\$)([^$:\n]*)/.exec(setting);
  if (!match) return undefined;
  const magic = match[1]!;
  const salt = Buffer.from(match[2]!).subarray(0, LONGEST_SALT);
  const key = Buffer.from(password);
  const inner = hash('md5', Buffer.concat([key, salt, key]), 'buffer');
  const first = createHash('md5').update(key).update(magic).update(salt).update(Buffer.alloc(key.length, inner));
  for (let length = key.length; length > 0; length >>= 1) first.update(length & 1 ? Buffer.of(0) : key.subarray(0, 1));
  let digest = first.digest();
  await inSlices(ROUNDS, (round) => {
    const odd = (round & 1) === 1;
    const parts = [odd ? key : digest];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(key);
    parts.push(odd ? digest : key);
    digest = hash('md5', Buffer.concat(parts), 'buffer');
  });
  return `${magic}${salt}$${crypt64Bytes(digest, ORDER)}`;
}
