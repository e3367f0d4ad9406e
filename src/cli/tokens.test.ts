import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hotp } from '../core/tokens/hotp.ts';
import { lab } from './lab.ts';

const SEED = Buffer.from('12345678901234567890').toString('hex');

async function people(t: { after(work: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tokens-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [passwd, config] = [join(folder, 'passwd'), join(folder, 'config.json')];
  writeFileSync(passwd, 'alice:x:1001:100:Alice Example,,+12025550100,,a@a.example:/:\n');
  writeFileSync(config, JSON.stringify({ fileName: passwd }));
  const { gatehouse } = lab();
  await gatehouse('resolver', 'set', 'staff', 'passwdresolver', config);
  await gatehouse('realm', 'set', 'work', 'staff');
  return gatehouse;
}

test('an sms token is made for somebody, shown, changed, switched, given on and removed', async (t) => {
  const gatehouse = await people(t);
  const made = await gatehouse('token', 'enroll', 'alice@work', '--type', 'sms', '--pin', '1234');
  assert.match(made.out, /^LSSM[0-9A-F]{8}\n$/);
  const serial = made.out.trim();
  const shown = JSON.parse((await gatehouse('--json', 'token', 'show', serial)).out).token;
  assert.deepEqual(
    [shown.owner.login, shown.phone, shown.realms, shown.pinSet],
    ['alice', '+12025550100', ['work'], true],
  );
  assert.match((await gatehouse('token', 'list')).out, new RegExp(`^${serial} +sms +alice +on +0`, 'm'));
  assert.equal(
    (await gatehouse('token', 'set', serial, '--phone', '+493012345', '--max-fail', '3')).out,
    `changed ${serial}\n`,
  );
  assert.match((await gatehouse('token', 'show', serial)).out, /^phone: \+493012345$/m);
  assert.equal((await gatehouse('token', 'disable', serial)).out, `switched off ${serial}\n`);
  assert.match((await gatehouse('token', 'list')).out, / off /);
  for (const what of ['enable', 'reset', 'unassign'])
    assert.equal((await gatehouse('token', what, serial)).code, 0, what);
  assert.equal((await gatehouse('token', 'assign', serial, 'alice')).out, `${serial} is alice's now\n`);
  assert.equal((await gatehouse('token', 'rm', serial)).out, `removed ${serial}\n`);
  for (const args of [
    ['show', serial],
    ['rm', serial],
    ['assign', serial, 'alice'],
    ['resync', serial, '1', '2'],
  ])
    assert.equal((await gatehouse('token', ...args)).code, 5, args.join(' '));
});

test('a device that is made here shows its seed once; one that brings its own never; resync finds it', async (t) => {
  const gatehouse = await people(t);
  const made = await gatehouse(
    'token',
    'enroll',
    '--type',
    'totp',
    '--serial',
    'T1',
    '--hash',
    'sha256',
    '--digits',
    '8',
  );
  assert.match(
    made.out,
    /^T1\nseed [0-9a-f]{64}\notpauth:\/\/totp\/Gatehouse%3AT1\?secret=[A-Z2-7]{52}&issuer=Gatehouse&algorithm=SHA256&digits=8&period=30\n/,
  );
  assert.doesNotMatch((await gatehouse('--json', 'token', 'show', 'T1')).out, /seed"|"pin"/);
  assert.equal((await gatehouse('token', 'enroll', '--type', 'hmac', '--serial', 'H1', '--seed', SEED)).out, 'H1\n');
  const value = (counter: number) => hotp(Buffer.from(SEED, 'hex'), counter, 6, 'sha1');
  assert.equal((await gatehouse('token', 'resync', 'H1', value(70), value(72))).code, 1);
  assert.equal((await gatehouse('token', 'resync', 'H1', value(70), value(71))).out, 'H1 was found again\n');
  assert.match((await gatehouse('token', 'show', 'H1')).out, /^counter: 72$/m);
});

test('what cannot be is refused, with the place of the fault', async (t) => {
  const gatehouse = await people(t);
  for (const [args, code] of [
    [['enroll', '--type', 'motp'], 2],
    [['enroll', '--type', 'hmac', '--hash', 'md5'], 2],
    [['enroll', '--type', 'hmac', '--digits', '7'], 2],
    [['enroll', '--type', 'hmac', '--seed', 'xyz'], 2],
    [['enroll', '--type', 'sms'], 2],
    [['enroll', 'nobody', '--type', 'hmac'], 5],
    [['set', 'H1'], 2],
    [['list', '--limit', '0'], 2],
  ] as const) {
    assert.equal((await gatehouse('token', ...args)).code, code, args.join(' '));
  }
});
