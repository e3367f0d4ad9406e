/**
 * The key file and what is derived from it: sealing of passwords, the audit chain's key, secrets that outlive a restart.
 *
 * The file (0600) is text: a header line, `key` and 32 random bytes in hex, `check` and the first 8 bytes of their SHA-256 in
 * hex. Keys for a purpose come by HKDF-SHA-256 (RFC 5869). Sealed values are: version byte 1, 12 bytes nonce, ciphertext,
 * 16 bytes tag (AES-256-GCM, NIST SP 800-38D); `associated` binds a value to its place.
 *
 * Errors: KEY_MISSING, KEY_EXISTS, KEY_FILE_MODE, KEY_FILE_BROKEN, KEY_WRONG, SEAL_BROKEN.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import { chmod, link, lstat, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import type { MetaStore } from '../storage/types.ts';

const HEADER = 'gatehouse key file 1 - keep it secret, and keep a copy apart from the database';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CHECK_NAME = 'key-check';

export interface Keyring {
  /** 32 bytes for this purpose, the same over restarts. */
  derive(purpose: string): Buffer;
  /** `associated` says whose value it is, e.g. `user:12:password`; `open` must be given the same. */
  seal(text: string, associated: string): Uint8Array;
  /** Errors: SEAL_BROKEN (changed, of another place, or under another key). */
  open(sealed: Uint8Array, associated: string): string;
  /** Compares with the value kept in the database, and leaves one there the first time. Errors: KEY_WRONG. */
  checkKey(meta: MetaStore): Promise<void>;
}

/** Reads the key file. Errors: KEY_MISSING, KEY_FILE_MODE, KEY_FILE_BROKEN. */
export async function openKeyring(path: string): Promise<Keyring> {
  const status = await lstat(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw broken(path, `cannot be read: ${cause.code}`, cause);
    throw new GatehouseError('KEY_MISSING', 'the key file is missing, and without it sealed passwords are lost', {
      where: path,
      hint: 'put the key file back from your backup; it belongs to this database and to no other',
      cause,
    });
  });
  if (!status.isFile()) throw broken(path, 'is no regular file');
  if ((status.mode & 0o077) !== 0) {
    throw new GatehouseError('KEY_FILE_MODE', 'others than the owner may read or change the key file', {
      where: path,
      hint: `run: chmod 600 '${path.replaceAll("'", "'\\''")}'`,
    });
  }
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw broken(path, `cannot be read: ${cause.code}`, cause);
  });
  return keyringOf(parseKeyFile(text, path));
}

/** Makes a new key file, durable when the promise resolves. Errors: KEY_EXISTS, KEY_FILE_BROKEN. */
export async function createKeyring(path: string): Promise<Keyring> {
  const master = randomBytes(32);
  const key = master.toString('hex');
  // Written apart and linked into place: a crash leaves no half of a key, and an existing key is never overwritten.
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${HEADER}\nkey ${key}\ncheck ${checksum(master)}\n`);
      await chmod(draft, 0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    await unlink(draft);
    await syncDirectory(dirname(path));
  } catch (error) {
    const cause = error as NodeJS.ErrnoException;
    await unlink(draft).catch(() => {});
    if (cause.code === 'EEXIST')
      throw new GatehouseError('KEY_EXISTS', 'there is a key file already', { where: path, cause });
    throw broken(path, `cannot be written: ${cause.code}`, cause);
  }
  return keyringOf(master);
}

/** A key file for a new installation; for an existing database the file must be there. */
export async function openOrCreateKeyring(path: string, databaseExists: boolean): Promise<Keyring> {
  try {
    return await openKeyring(path);
  } catch (error) {
    if (!databaseExists && error instanceof GatehouseError && error.code === 'KEY_MISSING') return createKeyring(path);
    throw error;
  }
}

/** A keyring over 32 given bytes. */
export function keyringOf(master: Buffer): Keyring {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), `gatehouse:${purpose}`, 32));
  // Node takes five times as long with a key that is bytes (docs/measurements.md).
  const sealing = createSecretKey(derive('seal'));
  return { derive, seal, open: unseal, checkKey };

  function seal(text: string, associated: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', sealing, nonce);
    cipher.setAAD(Buffer.from(associated));
    return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  function unseal(sealed: Uint8Array, associated: string): string {
    const data = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const end = data.length - TAG_BYTES;
    if (data[0] !== VERSION || end < 1 + NONCE_BYTES) throw sealBroken(associated);
    try {
      const nonce = data.subarray(1, 1 + NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(associated));
      decipher.setAuthTag(data.subarray(end));
      const text = decipher.update(data.subarray(1 + NONCE_BYTES, end));
      decipher.final(); // throws unless the tag is right, and gives nothing more: GCM is a stream
      return text.toString();
    } catch (cause) {
      throw sealBroken(associated, cause);
    }
  }

  async function checkKey(meta: MetaStore): Promise<void> {
    const value = createHmac('sha256', derive('check')).update('this key opens this database').digest('base64url');
    const kept = await meta.get(CHECK_NAME);
    if (kept === undefined) return meta.set(CHECK_NAME, value);
    if (kept === value) return;
    throw new GatehouseError('KEY_WRONG', 'the key file does not belong to this database', {
      hint: 'use the key file that was made with this database, or the database that was made with this key file',
    });
  }
}

function parseKeyFile(text: string, path: string): Buffer {
  const match = /^gatehouse key file 1\b[^\n]*\nkey ([0-9a-f]{64})\ncheck ([0-9a-f]{16})\s*$/.exec(text);
  if (!match) throw broken(path, 'is not a complete key file');
  const master = Buffer.from(match[1]!, 'hex');
  if (checksum(master) !== match[2]) throw broken(path, 'is damaged: its checksum does not match');
  return master;
}

function checksum(master: Buffer): string {
  return createHash('sha256').update(master).digest('hex').slice(0, 16);
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function broken(path: string, what: string, cause?: unknown): GatehouseError {
  const hint = 'put the key file back from your backup';
  return new GatehouseError('KEY_FILE_BROKEN', `the key file ${what}`, { where: path, hint, cause });
}

function sealBroken(associated: string, cause?: unknown): GatehouseError {
  return new GatehouseError('SEAL_BROKEN', `the sealed value of ${associated} cannot be opened`, {
    hint: 'the row was changed by another tool or belongs to another key file: set the password anew',
    cause,
  });
}
