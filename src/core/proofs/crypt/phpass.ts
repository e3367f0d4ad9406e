/**
 * phpass (`$P$`, phpBB's `$H$`), as PHP applications keep passwords.
 *
 * Source: Solar Designer, PasswordHash.php 0.5.
 */
import { hash } from 'node:crypto';
import { crypt64, crypt64Value } from './alphabet.ts';
import { inSlices } from './rounds.ts';

/** Log2 of the rounds; more than 20 would be a second of CPU. */
const LEAST_COST = 7;
const MOST_COST = 20;

/** The setting is a whole stored hash, or its front. Undefined: it is none of these, or asks for too many rounds. */
export async function phpass(password: string, setting: string): Promise<string | undefined> {
  const match = /^(\$[PH]\$)([./0-9A-Za-z])([^\n]{8})/.exec(setting);
  if (!match) return undefined;
  const cost = crypt64Value(match[2]!);
  if (cost < LEAST_COST || cost > MOST_COST) return undefined;
  const key = Buffer.from(password);
  let digest = hash('md5', Buffer.concat([Buffer.from(match[3]!), key]), 'buffer');
  await inSlices(2 ** cost, () => {
    digest = hash('md5', Buffer.concat([digest, key]), 'buffer');
  });
  let text = match[0];
  for (let at = 0; at < digest.length; at += 3) {
    const group = digest.subarray(at, at + 3);
    text += crypt64(group.readUIntLE(0, group.length), [0, 2, 3, 4][group.length]!);
  }
  return text;
}
