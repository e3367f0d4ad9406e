import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Command, parseCommandLine } from './command-line.ts';

const basic = (name: string, value = 0): Command => ({ kind: 'basic', name, value });

test('the lines that real programs send', () => {
  const lines: readonly [line: string, commands: readonly Command[]][] = [
    ['', []],
    ['Z', [basic('Z')]],
    [
      'Q0 V1 E1 S0=0 &C1 &D2',
      [
        basic('Q'),
        basic('V', 1),
        basic('E', 1),
        { kind: 'set', register: 0, value: 0 },
        basic('&C', 1),
        basic('&D', 2),
      ],
    ],
    ['q0v1h0', [basic('Q'), basic('V', 1), basic('H')]],
    ['&C0S0=1DT5551234', [basic('&C'), { kind: 'set', register: 0, value: 1 }, { kind: 'dial', number: 'T5551234' }]],
    ['S0?', [{ kind: 'ask', register: 0 }]],
    ['S0=', [{ kind: 'set', register: 0, value: 0 }]],
    ['+FCLASS=0', [{ kind: 'extended', text: '+FCLASS=0' }]],
    ['+VCID=1;E0', [{ kind: 'extended', text: '+VCID=1' }, basic('E')]],
    ['DP 0,,123 W4', [{ kind: 'dial', number: 'P0,,123W4' }]],
  ];
  for (const [line, commands] of lines) assert.deepEqual(parseCommandLine(line), commands, line);
});

test('what stands before a mistake is carried out, and nothing behind it', () => {
  // The document's misprint: the letter O for a zero.
  assert.deepEqual(parseCommandLine('E0&SO=1'), [basic('E'), basic('&S'), basic('O'), { kind: 'unknown', text: '=1' }]);
  assert.deepEqual(parseCommandLine('V1S=3'), [basic('V', 1), { kind: 'unknown', text: 'S=3' }]);
});
