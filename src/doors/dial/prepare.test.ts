import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dialConfig } from './config.ts';
import { checkDial } from './prepare.ts';

function codes(dial: Record<string, unknown>): string[] {
  const commands = [{ name: 'true', kind: 'ppp', program: '/bin/true' }];
  return checkDial(dialConfig.parse({ commands, ...dial })).map(({ severity, code }) => `${severity} ${code}`);
}
const line = (name: string, more: Record<string, unknown> = {}) => ({ name, device: `/dev/${name}`, ...more });

test('what a dial section can have wrong', () => {
  assert.deepEqual(codes({}), []);
  assert.deepEqual(codes({ lines: [line('a'), line('b')] }), []);
  assert.deepEqual(codes({ lines: [line('a'), line('a')] }), ['error DIAL_LINE_TWICE', 'error DIAL_LINE_TWICE']);
  assert.deepEqual(codes({ lines: [line('a', { init: ['ATZ', 'ATX4', 'ATX3'] })] }), ['warning DIAL_BLIND']);
  assert.deepEqual(codes({ lines: [line('a', { use: 'call' })] }), ['error DIAL_NO_ANSWER']);
  assert.deepEqual(codes({ lines: [line('a', { use: 'answer' })] }), ['error DIAL_NO_ANSWER']);
  const other = { call_back: { line: 'other' } };
  assert.deepEqual(codes({ lines: [line('a')], ...other }), ['error DIAL_NO_ANSWER']);
  assert.deepEqual(codes({ lines: [line('a', { use: 'answer' }), line('b', { use: 'call' })], ...other }), []);
  const commands = [
    { name: 'x', kind: 'ppp', program: '/nowhere/pppd' },
    { name: 'x', kind: 'terminal', program: '/bin/true' },
  ];
  assert.deepEqual(codes({ lines: [line('a')], commands }), ['error DIAL_COMMAND_TWICE', 'warning DIAL_PROGRAM']);
});
