import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditLine } from './events.ts';

test('a line is one flat JSON object with time and event first', () => {
  const line = auditLine(1_700_000_000_000, 'refused', { door: 'sip', user: '1000', rule: undefined, port: 5060 });
  assert.equal(line, '{"time":"2023-11-14T22:13:20.000Z","event":"refused","door":"sip","user":"1000","port":5060}');
});

test('texts from outside are bounded and cannot paint on a terminal', () => {
  const line = auditLine(0, 'refused', { user: `\u001b[2J\r\n\u0085\u202e${'x'.repeat(100_000)}`, client: '\ud800' });
  assert.ok(line.length < 500, String(line.length));
  assert.equal(JSON.parse(line).user.startsWith('?[2J????x'), true);
  assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202e\ud800]/);
});
