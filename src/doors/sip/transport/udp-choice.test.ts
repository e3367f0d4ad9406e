import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { NATIVE_UDP, stampOf } from '../../../platform/udp/native-udp.ts';
import { chooseUdp } from './udp-choice.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', '..', 'native', 'udp');
/** The one that comes with Gatehouse, whatever this machine is. */
const SHIPPED = join(FOLDER, 'linux-x64.node');

function moduleOf(t: TestContext, bytes: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-native-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'udp.node');
  writeFileSync(file, bytes, 'latin1');
  return file;
}

test('the module that comes with Gatehouse was made from the source beside it', () => {
  const stamp = stampOf(join(FOLDER, 'udp.c'));
  assert.ok(readFileSync(SHIPPED, 'latin1').includes(`${stamp}\0`), 'npm run build:native, and commit it');
});

test('the native module where there is one, dgram where not, or where it is not wanted', (t) => {
  assert.equal(chooseUdp(true).name, existsSync(NATIVE_UDP) ? 'native' : 'dgram');
  const { name, why, broken } = chooseUdp(false);
  assert.deepEqual([name, why, broken], ['dgram', 'sip.native_udp is false', false]);
  const missing = chooseUdp(true, `${moduleOf(t, '')}.missing`);
  assert.deepEqual([missing.name, missing.broken], ['dgram', false]);
  assert.match(missing.why!, /^there is no native module for \w+ on \w+; npm run build:native makes one$/);
});

test('a module that cannot be loaded, or is of another version, is left alone', (t) => {
  const shipped = readFileSync(SHIPPED, 'latin1');
  const other = shipped.replace(stampOf(join(FOLDER, 'udp.c')), 'x'.repeat(64));
  assert.notEqual(other, shipped);
  for (const bytes of ['', 'garbage', other]) {
    const choice = chooseUdp(true, moduleOf(t, bytes));
    assert.deepEqual([choice.name, choice.broken], ['dgram', true]);
    assert.ok(choice.why);
  }
});
