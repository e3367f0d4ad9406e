import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { importAccounts } from './import.ts';
import { accountSettings, modemSettings } from './settings.ts';

const example = (name: string) => readFileSync(join(import.meta.dirname, '../../../../examples/dial', name), 'utf8');

test('a kppprc: units, defaults, scripts, several numbers; what will not do what was meant is said with its line', () => {
  const { accounts, modems, problems } = importAccounts(example('kppprc'), 'kppprc');
  assert.deepEqual(modems, {
    modem0: {
      ...{ device: '/dev/ttyS0', lock: true, flow_control: 'hardware', speed: 57_600, timeout_seconds: 60 },
      ...{ busy_wait_seconds: 5, init: ['ATZ', 'AT&SO=1'], pre_init_delay_ms: 250, init_delay_ms: 500 },
      ...{ dial: 'AT&C0S0=1DT', line_end: 'CR', escape_guard_ms: 1060, volume: 1 },
    },
  });
  assert.deepEqual(accounts.office, {
    ...{ modem: 'modem0', redials: 20, pppd_seconds: 30, numbers: ['1001', '1002'], dial_prefix: '0,' },
    ...{ authentication: 'script', user: 'userxyz', password: 'a, secret', store_password: true },
    ...{ callback: 'none', address: '', default_route: true, dns: ['192.0.2.53', '192.0.2.54'] },
    on_connect: ['/usr/local/bin/mails', '--all', 'two words'],
    pppd: ['lcp-echo-interval', '30'],
    script: [
      ...['Expect ogin:', 'ID', 'Expect for userxyz:', 'Send userxyz-home', 'Expect ogin:', 'ID'],
      ...['Expect assword:', 'Expect >', 'Send start_ppp, now', 'Pause 2'],
    ],
    tariff: 'office.rst',
  });
  assert.deepEqual(accounts['Call me'], {
    ...{ modem: 'modem0', redials: 20, pppd_seconds: 30, numbers: ['2001'], authentication: 'pap/chap' },
    ...{ callback: 'user', callback_number: '3001', user: 'me' },
  });
  for (const settings of Object.values(accounts)) accountSettings.parse(settings);
  for (const settings of Object.values(modems)) modemSettings.parse(settings);
  assert.deepEqual(
    problems.map(({ file, line, message }) => `${file}:${line} ${message}`),
    [
      'kppprc:17 `AT&SO=1`: after S stands the letter O where the digit 0 is meant',
      'kppprc:44 left out, since no shell runs commands here: `killall fetchmail; rm -f /tmp/x`',
      'kppprc:60 `Frobnicate` has no meaning here and was left out',
      'account office, script:8 after `Expect assword:` nothing is sent, and the other side waits for a password',
    ],
  );
});

test('a script for chat: number, init, login lines, the call back by HANGUP OFF and RING ATA', () => {
  const { accounts, modems, problems } = importAccounts(example('office.chat'), '/etc/chatscripts/office.chat');
  assert.deepEqual(modems, { 'office modem': { init: ['ATZ'], dial: 'ATDT', timeout_seconds: 60 } });
  assert.deepEqual(accounts, {
    office: {
      modem: 'office modem',
      numbers: ['1001'],
      callback: 'wait',
      script: [
        ...['Expect ogin:', 'Send userxyz', 'Expect for userxyz:', 'Send userxyz-home'],
        ...['Answer', 'Timeout 30', 'Expect ogin:', 'Send userxyz', 'Expect assword:', 'SendNoEcho secret word'],
        ...['Expect >', 'Pause 1', 'Send start_ppp'],
      ],
    },
  });
  assert.deepEqual(
    problems.map(({ line, message }) => `${line} ${message}`),
    [
      '5 ABORT `Login incorrect` was left out: a login script waits until its time is over',
      '11 of `ogin:--ogin:` only `ogin:` was kept: a login script does not try again',
      '19 `\\dstart_ppp\\c` is sent with a line end',
    ],
  );
});

test('what is neither is refused', () => {
  for (const text of ['', '\0\0', '[General]\nNumberOfAccounts=0\n'])
    assert.throws(() => importAccounts(text, 'x'), { code: 'DIAL_IMPORT' });
});
