import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLine, parseScript, SCRIPT_COMMANDS } from './lines.ts';

const parse = (...texts: string[]) => parseScript(texts, { file: 'account office' });
const faults = (...texts: string[]) =>
  parse(...texts).problems.map(({ severity, line, column, message }) => `${severity} ${line}:${column} ${message}`);

test('all commands of KPPP, in any case; what stands after the blank is the text, quotes and # included', () => {
  const texts = [
    'Expect ogin:',
    'Send a "b" # c',
    'Pause 1',
    'Hangup',
    'Answer',
    'Timeout 60',
    'Password',
    'ID Your name?',
    'Prompt Where? (##)',
    'PWPrompt',
    'LoopStart x',
    'LoopEnd y',
    'Scan password is',
    'Save password',
    'SendNoEcho z',
  ];
  const { lines, problems } = parse(...texts);
  assert.deepEqual(problems, []);
  assert.deepEqual(lines.map(formatLine), texts);
  assert.deepEqual(new Set(lines.map(({ command }) => command)), new Set(SCRIPT_COMMANDS));
  assert.deepEqual(parse('expect  #', 'ID ""').lines, [
    { command: 'Expect', argument: '#' },
    { command: 'ID', argument: '' },
  ]);
});

test('a faulty line is named with line, word and cure', () => {
  const [fault] = parse('Expect ogin:', 'Exspect x').problems;
  assert.deepEqual(
    [fault?.line, fault?.column, fault?.message, fault?.cure, fault?.code],
    [2, 1, '`Exspect` is no command of a login script', 'did you mean `Expect`?', 'DIAL_SCRIPT'],
  );
  assert.deepEqual(faults('Pause x', 'Timeout 3601', 'Hangup now', 'Save name', 'Expect', `Send ${'x'.repeat(251)}`), [
    'error 1:7 Pause wants whole seconds, at most 3600, but has `x`',
    'error 2:9 Timeout wants whole seconds, at most 3600, but has `3601`',
    'error 3:8 Hangup stands alone, but `now` follows',
    'error 4:6 Save knows only `password`',
    'error 5:7 Expect wants the text to wait for',
    'error 6:6 the text after Send has more than 250 characters',
  ]);
  assert.deepEqual(faults('Send a\rATH'), ['error 1:6 the text after Send has control characters']);
  assert.deepEqual(faults(...Array.from({ length: 201 }, () => 'Pause 1')), [
    'error 201:1 a script has at most 200 lines',
  ]);
});

test('loops have to fit together, ten within each other at most', () => {
  assert.deepEqual(faults('LoopEnd x'), ['error 1:1 LoopEnd without a LoopStart before it']);
  assert.deepEqual(faults('LoopStart x'), ['warning 1:1 LoopStart without a LoopEnd: nothing is repeated']);
  const deep = (depth: number) => [
    ...Array.from({ length: depth }, () => 'LoopStart x'),
    ...Array.from({ length: depth }, () => 'LoopEnd y'),
  ];
  assert.deepEqual(faults(...deep(10)), []);
  assert.deepEqual(faults(...deep(11)), ['error 11:1 more than 10 loops within each other']);
});

test('a password that is asked for and not sent is a doubt, as in the script of KPPP’s handbook', () => {
  assert.deepEqual(faults('Expect assword:', 'Expect >'), [
    'warning 2:1 after `Expect assword:` nothing is sent, and the other side waits for a password',
  ]);
  assert.deepEqual(faults('Expect assword:', 'Password', 'Expect >'), []);
});
