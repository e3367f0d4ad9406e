import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { handOver } from './hand-over.ts';

const NOBODY = { name: 'nobody', uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;

function folders(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-hand-over-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const data = join(folder, 'data');
  mkdirSync(join(data, 'audit'), { recursive: true, mode: 0o700 });
  const outside = join(folder, 'outside');
  writeFileSync(outside, '');
  return { data, outside, ownerOf: (...names: string[]) => lstatSync(join(data, ...names)).uid };
}

test('what root made goes to the user, what a link leads to does not', (t) => {
  const { data, outside, ownerOf } = folders(t);
  writeFileSync(join(data, 'audit', '1'), '');
  symlinkSync(outside, join(data, 'link'));
  // Others than root are told by the owner already, and have nothing to give.
  if (!isRoot) return assert.throws(() => handOver(data, NOBODY), { code: 'OTHER_OWNER' });
  handOver(data, NOBODY);
  for (const path of [[], ['audit'], ['audit', '1'], ['link']]) assert.equal(ownerOf(...path), NOBODY.uid);
  assert.equal(lstatSync(outside).uid, 0);

  // From now on the user could put anything there.
  linkSync(outside, join(data, 'hard'));
  handOver(data, NOBODY);
  assert.equal(lstatSync(outside).uid, 0);
  assert.throws(() => handOver(data, { ...NOBODY, uid: 65_533 }), { code: 'OTHER_OWNER' });
});

for (const [what, spoil] of [
  ['of other things', ({ data }) => renameSync(join(data, 'audit'), join(data, 'passwd'))],
  ['that others can write into', ({ data }) => chmodSync(data, 0o777)],
  ['with one below that others can write into', ({ data }) => chmodSync(join(data, 'audit'), 0o770)],
  ['with a file that has a name elsewhere', ({ data, outside }) => linkSync(outside, join(data, 'hard'))],
] satisfies [string, (at: ReturnType<typeof folders>) => void][]) {
  test(`a directory ${what} is not given away`, (t) => {
    const at = folders(t);
    const owner = at.ownerOf();
    spoil(at);
    assert.throws(() => handOver(at.data, NOBODY), { code: isRoot ? 'DATA_DIRECTORY' : 'OTHER_OWNER' });
    assert.equal(at.ownerOf(), owner);
  });
}
