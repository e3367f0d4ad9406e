import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SmsConfig } from '../../core/sms/types.ts';
import { openFileProvider } from './provider.ts';

const MESSAGE = { number: '+49 170', text: 'Grüße: 372873\n' };

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'gatehouse-sms-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test('the last message, and only that, for nobody else to read', async (t) => {
  const here = folderFor(t);
  const path = join(here, 'sms');
  writeFileSync(path, 'x'.repeat(1000));
  chmodSync(path, 0o644);
  const provider = openFileProvider({ file: 'sms', here: `${here}/`, MSISDN: 'true' });
  assert.equal(await provider.send(MESSAGE), `written to ${path}`);
  assert.equal(readFileSync(path, 'utf8'), '+49170:Grüße: 372873\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  await openFileProvider({ file: path }).send({ number: '1', text: 'b' });
  assert.equal(readFileSync(path, 'utf8'), '1:b');
  await openFileProvider({ file: path, here }).send({ number: '2', text: 'c' });
  assert.equal(readFileSync(path, 'utf8'), '2:c');
});

test('neither a link, nor a pipe, nor a folder is written to', async (t) => {
  const here = folderFor(t);
  const target = join(here, 'target');
  writeFileSync(target, 'before');
  symlinkSync(target, join(here, 'link'));
  symlinkSync('/nowhere', join(here, 'dangling'));
  mkdirSync(join(here, 'folder'));
  execFileSync('mkfifo', [join(here, 'pipe')]);
  for (const file of ['link', 'dangling', 'pipe', 'folder'])
    await assert.rejects(openFileProvider({ file, here }).send(MESSAGE), { code: 'SMS_UNREACHABLE' }, file);
  assert.equal(readFileSync(target, 'utf8'), 'before');
  symlinkSync('folder', join(here, 'way'));
  assert.throws(() => openFileProvider({ file: 'way/sms', here }), { code: 'SMS_CONFIG', message: /a link leads/ });
});

const FAULTS: readonly [config: SmsConfig, key: string, why: RegExp][] = [
  [{}, 'file', /missing/],
  [{ file: 'sms' }, 'here', /missing/],
  [{ file: 'sms', here: 'tmp' }, 'here', /whole path/],
  [{ file: '../etc/sms', here: '/tmp' }, 'file', /not below/],
  [{ file: 'a/../../sms', here: '/tmp' }, 'file', /not below/],
  [{ file: '/etc/sms', here: '/tmp' }, 'file', /not below/],
  [{ file: '.', here: '/tmp' }, 'file', /not below/],
  [{ file: 'a\0b', here: '/tmp' }, 'file', /name of a file/],
  [{ file: 'sms', here: '/nowhere' }, 'here', /ENOENT/],
  [{ file: '/nowhere/sms' }, 'file', /ENOENT/],
  [{ file: 'sms', here: '/tmp', there: '' }, 'there', /no such key/],
];

for (const [config, key, message] of FAULTS) {
  test(`a configuration with ${JSON.stringify(config)} is refused at ${key}`, () => {
    assert.throws(() => openFileProvider(config), { code: 'SMS_CONFIG', where: key, message });
  });
}
