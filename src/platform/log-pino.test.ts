import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from './log-pino.ts';

function lines(readable: boolean) {
  const written: string[] = [];
  const now = () => new Date(2026, 0, 1, 12, 30, 5);
  return { written, log: createLog({ level: 'info', readable, write: (line) => void written.push(line), now }) };
}

test('JSON lines carry level, part, fields and message; lower levels are left out', () => {
  const { written, log } = lines(false);
  log.child('sip').warn('bad packet', { from: '192.0.2.1' });
  log.debug('not said');
  assert.equal(written.length, 1);
  const { time, ...line } = JSON.parse(written[0]!);
  assert.deepEqual(line, { level: 'warn', pid: process.pid, part: 'sip', from: '192.0.2.1', message: 'bad packet' });
  assert.match(time, /^20\d\d-.*Z$/);
});

test('readable lines cannot steer the terminal', () => {
  const { written, log } = lines(true);
  log.child('sip').error('from \x1b]0;x\x07 user', { name: 'a\nb', n: 5 });
  log.debug('not said');
  assert.equal(written.length, 1);
  assert.ok(written[0]!.endsWith(' sip: from \\x1b]0;x\\x07 user name="a\\nb" n=5\n'));
});

test('the level can be another later, for children that are there as well', () => {
  for (const readable of [false, true]) {
    const { written, log } = lines(readable);
    const child = log.child('sip');
    log.setLevel('debug');
    child.debug('heard');
    log.setLevel('error');
    child.warn('not said');
    log.warn('not said');
    assert.equal(written.length, 1);
    assert.match(written[0]!, /heard/);
  }
});
