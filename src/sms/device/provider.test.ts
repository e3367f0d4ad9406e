import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SmsConfig } from '../../core/sms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { ProgramResult, ProgramRun, Programs } from '../../platform/helper/types.ts';
import { openDeviceProvider } from './provider.ts';

const MESSAGE = { number: '+491701234567', text: 'Ihr Code für Hans: 372873' };
const DONE = {
  exitCode: 0,
  signal: null,
  stdout: Buffer.from('Send succeeded\n'),
  stderr: Buffer.of(),
  timedOut: false,
};

function configFile(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-sms-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'gnokiirc'), '[global]\n');
  return join(folder, 'gnokiirc');
}

/** A gnokii that ends as the test says. */
function lab(t: TestContext, config: SmsConfig = {}, result: Partial<ProgramResult> | GatehouseError = {}) {
  const runs: ProgramRun[] = [];
  const programs: Programs = {
    async run(run) {
      runs.push(run);
      if (result instanceof GatehouseError) throw result;
      return { ...DONE, ...result };
    },
  };
  const CONFIGFILE = configFile(t);
  const provider = openDeviceProvider({ CONFIGFILE, ...config }, programs, '/opt/bin');
  return { provider, runs, CONFIGFILE };
}

test('gnokii gets file, number and message centre as arguments, the text on its standard input', async (t) => {
  const { provider, runs, CONFIGFILE } = lab(t);
  assert.equal(await provider.send(MESSAGE), 'Send succeeded');
  const [run] = runs;
  assert.deepEqual(
    { ...run, stdin: String(run!.stdin) },
    {
      file: 'gnokii',
      args: ['--config', CONFIGFILE, '--sendsms', '+491701234567'],
      env: { PATH: '/opt/bin', LC_ALL: 'C.UTF-8' },
      stdin: MESSAGE.text,
      timeoutMs: 60_000,
      maxOutputBytes: 16_384,
    },
  );
  const other = lab(t, { SMSC: '+491722270333', MSISDN: 'true', SUPPRESS_PREFIX: '+49', TIMEOUT: '(5,20)' });
  await other.provider.send({ number: '+49 (170) 123', text: 'a\0b' });
  assert.deepEqual(other.runs[0]!.args.slice(2), ['--sendsms', '170123', '--smsc', '+491722270333']);
  assert.deepEqual([String(other.runs[0]!.stdin), other.runs[0]!.timeoutMs], ['ab', 20_000]);
});

test('one message at a time, whatever became of the one before', async (t) => {
  const waiting: PromiseWithResolvers<ProgramResult>[] = [];
  const programs: Programs = {
    run() {
      waiting.push(Promise.withResolvers());
      return waiting.at(-1)!.promise;
    },
  };
  const provider = openDeviceProvider({ CONFIGFILE: configFile(t) }, programs);
  const first = assert.rejects(provider.send(MESSAGE), { code: 'SMS_REFUSED' });
  const second = provider.send(MESSAGE);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(waiting.length, 1);
  waiting[0]!.resolve({ ...DONE, exitCode: 1 });
  await first;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(waiting.length, 2);
  waiting[1]!.resolve(DONE);
  assert.equal(await second, 'Send succeeded');
});

test('nothing but a number becomes an argument', async (t) => {
  const { provider, runs } = lab(t);
  for (const number of ['--help', '-1', '+', '++1', '1 2', '1;id', '1\n', '0170-1', 'x', '١٢٣', '1'.repeat(21)])
    await assert.rejects(provider.send({ ...MESSAGE, number }), { code: 'SMS_NUMBER' }, number);
  assert.equal(runs.length, 0);
});

test('any other exit status is a refusal, with what gnokii said and without the text', async (t) => {
  const stdout = Buffer.from(`AT+CMGS=30\n0011000C9194711032547600000016DAFA39EC\n${MESSAGE.text}\n`);
  const stderr = Buffer.from(`GNOKII Version 0.6.30\nSMS Send failed (Timeout)\n${'x '.repeat(300)}`);
  const { provider } = lab(t, {}, { exitCode: 1, stdout, stderr });
  await assert.rejects(provider.send(MESSAGE), (error: GatehouseError) => {
    assert.equal(error.code, 'SMS_REFUSED');
    assert.match(error.message, /^gnokii ended with exit status 1: SMS Send failed \(Timeout\) x x /);
    assert.ok(error.message.length < 1_100 && !error.message.includes('372873') && !error.message.includes('DAFA39'));
    return true;
  });
  const killed = lab(t, {}, { exitCode: null, signal: 'SIGSEGV', stdout: Buffer.from(MESSAGE.text) });
  await assert.rejects(killed.provider.send(MESSAGE), {
    code: 'SMS_REFUSED',
    message: 'gnokii ended with SIGSEGV: …',
  });
});

test('a gnokii that hangs, or that cannot be started: another provider may be tried', async (t) => {
  const hanging = lab(t, {}, { exitCode: null, signal: 'SIGTERM', timedOut: true });
  await assert.rejects(hanging.provider.send(MESSAGE), { code: 'SMS_UNREACHABLE', message: /did not end in time/ });
  const absent = lab(t, {}, new GatehouseError('PROGRAM_START', 'gnokii: ENOENT', { hint: 'is it installed?' }));
  await assert.rejects(absent.provider.send(MESSAGE), {
    code: 'SMS_UNREACHABLE',
    message: 'gnokii: ENOENT',
    hint: 'is it installed?',
  });
});

const FAULTS: readonly [config: SmsConfig, key: string, why: RegExp][] = [
  [{}, 'CONFIGFILE', /missing/],
  [{ CONFIGFILE: '/nowhere/gnokiirc' }, 'CONFIGFILE', /ENOENT/],
  [{ CONFIGFILE: '--config' }, 'CONFIGFILE', /whole path/],
  [{ CONFIGFILE: '/a\0b' }, 'CONFIGFILE', /whole path/],
  [{ CONFIGFILE: '/dev/null', SMSC: '--help' }, 'SMSC', /message centre/],
  [{ CONFIGFILE: '/dev/null', TIMEOUT: 0 }, 'TIMEOUT', /seconds/],
  [{ CONFIGFILE: '/dev/null', PORT: '/dev/ttyUSB0' }, 'PORT', /no such key/],
];

for (const [config, key, message] of FAULTS) {
  test(`a configuration with ${JSON.stringify(config)} is refused at ${key}`, () => {
    const programs = { run: () => assert.fail('nothing is run') };
    assert.throws(() => openDeviceProvider(config, programs), { code: 'SMS_CONFIG', where: key, message });
  });
}
