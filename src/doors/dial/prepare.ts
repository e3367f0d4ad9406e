/** What can be said of the configuration before anything is opened. Problems: those of errors.ts but the states. */
import { accessSync, constants } from 'node:fs';
import type { Problem } from '../../platform/problems.ts';
import type { DialConfig } from './config.ts';
import type { DialErrorCode } from './errors.ts';

export function checkDial({ lines, commands, call_back }: DialConfig): Problem[] {
  const problems: Problem[] = [];
  if (lines.length === 0) return problems;
  const tell = (severity: Problem['severity'], code: DialErrorCode, message: string, cure: string) =>
    problems.push({ severity, code, file: '`dial` of gatehouse.yaml', line: 0, column: 0, message, cure });
  for (const [what, values] of [
    ['name', lines.map(({ name }) => name)],
    ['device', lines.map(({ device }) => device)],
  ] as const) {
    for (const twice of repeated(values))
      tell('error', 'DIAL_LINE_TWICE', `two lines have the ${what} ${twice}`, 'remove one of them');
  }
  for (const twice of repeated(commands.map(({ name }) => name)))
    tell('error', 'DIAL_COMMAND_TWICE', `two commands are called ${twice}`, 'rename one of them');
  for (const { name, init, dial } of lines) {
    // X4 is the only one that waits for the tone and hears busy; a later command undoes an earlier one.
    const chosen = [...init, dial].flatMap((text) => [...text.matchAll(/X([0-9])/gi)]).at(-1)?.[1];
    if (chosen !== undefined && chosen !== '4' && chosen !== '2') {
      const message = `the modem of ${name} is told X${chosen}: it calls without waiting for a dial tone`;
      tell('warning', 'DIAL_BLIND', message, 'write X4');
    }
  }
  const callers = lines.filter(({ use }) => use !== 'answer');
  const takers = lines.filter(({ use }) => use !== 'call');
  const stranded = takers.find((one) =>
    call_back.line === 'same' ? one.use === 'answer' : callers.every(({ name }) => name === one.name),
  );
  if (takers.length === 0) tell('error', 'DIAL_NO_ANSWER', 'no line takes calls', 'set `use: both` or `use: answer`');
  else if (stranded) {
    const message = `who calls ${stranded.name} cannot be called back`;
    tell('error', 'DIAL_NO_ANSWER', message, 'set `use: both`, or `call_back.line: other` and a line with `use: call`');
  }
  for (const { name, program } of commands) {
    try {
      accessSync(program, constants.X_OK);
    } catch {
      tell(
        'warning',
        'DIAL_PROGRAM',
        `${name}: ${program} is not there, or no program`,
        'install it: apt-get install ppp',
      );
    }
  }
  return problems;
}

function repeated(values: readonly string[]): Set<string> {
  return new Set(values.filter((value, at) => values.indexOf(value) !== at));
}
