import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { changeableOnTheWay } from './changeable.ts';

/** Nobody of this machine, in no group of anything here. */
const STRANGER = { uid: 4_000_000_001, gids: [4_000_000_002] };
const [uid, gid] = [process.getuid!(), process.getgid!()];

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-changeable-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function fileIn(folder: string, name = 'program', mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  chmodSync(path, mode);
  return path;
}

test('by its owner, whatever the mode says; by a member of its group or anybody, as the mode says', (t) => {
  const folder = folderFor(t);
  const path = fileIn(folder, 'program', 0o555);
  assert.equal(changeableOnTheWay(path, { uid, gids: [] }) === undefined, false);
  assert.equal(changeableOnTheWay(path, STRANGER), undefined);
  chmodSync(path, 0o775);
  assert.equal(changeableOnTheWay(path, STRANGER), undefined);
  const member = { uid: STRANGER.uid, gids: [gid] };
  assert.equal(changeableOnTheWay(path, member), path);
  chmodSync(path, 0o757);
  assert.equal(changeableOnTheWay(path, STRANGER), path);
});

test('by another entry in a folder on the way, which in one like /tmp is only what is not there yet', (t) => {
  const folder = folderFor(t);
  const inner = join(folder, 'inner');
  mkdirSync(inner);
  const path = fileIn(inner);
  chmodSync(inner, 0o777);
  assert.equal(changeableOnTheWay(path, STRANGER), inner);
  chmodSync(inner, 0o1777);
  assert.equal(changeableOnTheWay(path, STRANGER), undefined);
  assert.equal(changeableOnTheWay(join(inner, 'not-there'), STRANGER), inner);
  chmodSync(inner, 0o755);
  assert.equal(changeableOnTheWay(join(inner, 'not-there'), STRANGER), undefined);
});

test('links are followed one by one, each through the folders that it leads through', (t) => {
  const folder = folderFor(t);
  for (const name of ['a', 'b', 'c']) mkdirSync(join(folder, name));
  fileIn(join(folder, 'c'));
  symlinkSync('../b/link', join(folder, 'a', 'link'));
  symlinkSync(join(folder, 'c', 'program'), join(folder, 'b', 'link'));
  const path = join(folder, 'a', 'link');
  assert.equal(changeableOnTheWay(path, STRANGER), undefined);
  for (const name of ['a', 'b', 'c']) {
    chmodSync(join(folder, name), 0o777);
    assert.equal(changeableOnTheWay(path, STRANGER), join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  symlinkSync('round', join(folder, 'round'));
  assert.notEqual(changeableOnTheWay(join(folder, 'round'), STRANGER), undefined);
  assert.equal(changeableOnTheWay('/dev/null', STRANGER), undefined);
});
