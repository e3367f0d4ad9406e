/**
 * Passwords that need not be recovered (administrators'): argon2id in PHC string form, 19 MiB, 2 passes, 1 lane (RFC 9106;
 * OWASP's minimum). Hashing runs beside the event loop, about 50 ms of CPU each.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';

const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const TAG_BYTES = 32;
const SALT_BYTES = 16;

/** Bounds on what a stored hash may ask of us. */
const MAX_MEMORY_KIB = 1_048_576;
const MAX_PASSES = 64;
const MAX_LANES = 16;

interface Cost {
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
}

/** `$argon2id$v=19$m=…,t=…,p=…$salt$hash` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await derive(password, salt, TAG_BYTES, { memory: MEMORY_KIB, passes: PASSES, lanes: LANES });
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${base64(salt)}$${base64(tag)}`;
}

/** False also for a text that is no argon2id hash, or one of an absurd cost. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/-]{11,86})\$([\w+/-]{16,172})$/.exec(
    phc,
  );
  if (!match) return false;
  const cost = { memory: Number(match[1]), passes: Number(match[2]), lanes: Number(match[3]) };
  if (cost.lanes < 1 || cost.lanes > MAX_LANES || cost.passes < 1 || cost.passes > MAX_PASSES) return false;
  if (cost.memory < 8 * cost.lanes || cost.memory > MAX_MEMORY_KIB) return false;
  const expected = Buffer.from(match[5]!, 'base64');
  return timingSafeEqual(await derive(password, Buffer.from(match[4]!, 'base64'), expected.length, cost), expected);
}

function derive(password: string, nonce: Buffer, tagLength: number, { memory, passes, lanes }: Cost): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const parameters = { message: password, nonce, parallelism: lanes, tagLength, memory, passes };
  argon2('argon2id', parameters, (error, tag) => (error ? reject(error) : resolve(tag)));
  return promise;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
