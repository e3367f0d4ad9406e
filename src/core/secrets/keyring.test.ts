import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { MetaStore } from '../storage/types.ts';
import { createKeyring, keyringOf, openKeyring, openOrCreateKeyring } from './keyring.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'gatehouse-key-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

function memoryMeta(): MetaStore {
  const values = new Map<string, string>();
  return { get: async (key) => values.get(key), set: async (key, value) => void values.set(key, value) };
}

test('a key file is made once, 0600, and gives the same keys when read again', async (t) => {
  const dir = await folder(t);
  const path = join(dir, 'gatehouse.key');
  const made = await createKeyring(path);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dir), ['gatehouse.key']);
  const read = await openKeyring(path);
  assert.deepEqual(read.derive('audit'), made.derive('audit'));
  assert.notDeepEqual(read.derive('audit'), read.derive('nonce'));
  assert.equal(read.derive('audit').length, 32);
  await assert.rejects(createKeyring(path), { code: 'KEY_EXISTS' });
});

test('faults of the key file are told apart', async (t) => {
  const dir = await folder(t);
  const path = join(dir, "the admin's.key");
  await assert.rejects(openKeyring(path), { code: 'KEY_MISSING' });
  await assert.rejects(openOrCreateKeyring(path, true), { code: 'KEY_MISSING' });
  await openOrCreateKeyring(path, false);
  const text = await readFile(path, 'utf8');

  await chmod(path, 0o640);
  await assert.rejects(openKeyring(path), {
    code: 'KEY_FILE_MODE',
    hint: `run: chmod 600 '${dir}/the admin'\\''s.key'`,
  });
  await chmod(path, 0o600);

  for (const bad of [
    '',
    text.slice(0, 90),
    text.replace(/key [0-9a-f]/, (s) => (s.endsWith('0') ? 'key 1' : 'key 0')),
    `${text}x`,
  ]) {
    await writeFile(path, bad);
    await assert.rejects(openKeyring(path), { code: 'KEY_FILE_BROKEN' }, JSON.stringify(bad));
  }
  await writeFile(path, text);
  await openKeyring(path);
  await symlink(path, join(dir, 'link'));
  await assert.rejects(openKeyring(join(dir, 'link')), { code: 'KEY_FILE_BROKEN' });
});

test('a key of another database is noticed', async () => {
  const meta = memoryMeta();
  await keyringOf(Buffer.alloc(32, 1)).checkKey(meta);
  await keyringOf(Buffer.alloc(32, 1)).checkKey(meta);
  await assert.rejects(keyringOf(Buffer.alloc(32, 2)).checkKey(meta), { code: 'KEY_WRONG' });
});

test('a sealed value opens in its own place only, and not when any bit was changed', () => {
  const keyring = keyringOf(Buffer.alloc(32, 1));
  const sealed = keyring.seal('pässword', 'user:1:password');
  assert.equal(keyring.open(sealed, 'user:1:password'), 'pässword');
  assert.equal(keyring.open(keyring.seal('', 'x'), 'x'), '');
  assert.notDeepEqual(keyring.seal('pässword', 'user:1:password'), sealed);
  assert.throws(() => keyring.open(sealed, 'user:2:password'), { code: 'SEAL_BROKEN' });
  assert.throws(() => keyringOf(Buffer.alloc(32, 2)).open(sealed, 'user:1:password'), { code: 'SEAL_BROKEN' });
  for (let i = 0; i < sealed.length; i++) {
    const changed = Uint8Array.from(sealed);
    changed[i]! ^= 1;
    assert.throws(() => keyring.open(changed, 'user:1:password'), { code: 'SEAL_BROKEN' }, `byte ${i}`);
    assert.throws(() => keyring.open(sealed.subarray(0, i), 'user:1:password'), { code: 'SEAL_BROKEN' });
  }
});
