/**
 * A login script as lines: `Expect ogin:`, one command and one argument each.
 *
 * The commands are KPPP's; so is the bound of ten loops within each other. A script has at most 200 lines, an argument at most 250
 * characters (KPPP: 20 and 50). Whatever stands after the first blank is the argument, `#` and quotes included.
 * Errors: DIAL_SCRIPT with line and word; DIAL_SCRIPT_DOUBT is a warning.
 */
import { didYouMean, type Problem } from '../../../platform/problems.ts';

type Argument = 'text' | 'seconds' | 'maybe text' | 'none' | 'password';

/** Each command, and what it wants after it. */
const COMMANDS = {
  Expect: 'text',
  Send: 'maybe text',
  SendNoEcho: 'maybe text',
  Pause: 'seconds',
  Hangup: 'none',
  Answer: 'none',
  Timeout: 'seconds',
  Password: 'maybe text',
  ID: 'maybe text',
  Prompt: 'maybe text',
  PWPrompt: 'maybe text',
  LoopStart: 'text',
  LoopEnd: 'text',
  Scan: 'text',
  Save: 'password',
} as const satisfies Record<string, Argument>;

export type ScriptCommand = keyof typeof COMMANDS;

export interface ScriptLine {
  readonly command: ScriptCommand;
  readonly argument: string;
}

export const SCRIPT_COMMANDS = Object.keys(COMMANDS) as ScriptCommand[];
export const MOST_LINES = 200;
export const MOST_LOOPS = 10;
const MOST_CHARACTERS = 250;
const MOST_SECONDS = 3600;
/** How the question for a password ends that hosts print. */
const ASKS_PASSWORD = /(?:ass ?word|ass ?phrase|asscode)\W*$/i;

/** Where a script stands, for messages: `account office, script`. */
export interface ScriptPlace {
  readonly file: string;
}

/** The lines that can be understood, and what is wrong with the others and with the whole. */
export function parseScript(
  texts: readonly string[],
  { file }: ScriptPlace,
): { lines: ScriptLine[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const lines: ScriptLine[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parseLine(text);
    if ('command' in parsed) lines.push(parsed);
    else
      problems.push({ ...problem(file, index, parsed.fault, parsed.column), excerpt: printable(text), ...parsed.more });
  }
  if (texts.length > MOST_LINES) problems.push(problem(file, MOST_LINES, `a script has at most ${MOST_LINES} lines`));
  if (problems.length === 0) problems.push(...checkOrder(lines, file));
  return { lines, problems };
}

interface Fault {
  readonly fault: string;
  readonly column: number;
  readonly more?: { cure: string };
}

function parseLine(text: string): ScriptLine | Fault {
  const [, word = '', blank = '', rest = ''] = /^(\S*)(\s*)(.*)$/s.exec(text)!;
  const command = SCRIPT_COMMANDS.find((one) => one.toLowerCase() === word.toLowerCase());
  if (command === undefined) {
    const cure = didYouMean(word, SCRIPT_COMMANDS, `the commands are: ${SCRIPT_COMMANDS.join(', ')}`);
    return { fault: `\`${printable(word)}\` is no command of a login script`, column: 1, more: { cure } };
  }
  // Documents write ID "" where there is nothing to say.
  const argument = rest === '""' ? '' : rest;
  const fault = faultOf(command, argument);
  return fault === undefined ? { command, argument } : { fault, column: word.length + blank.length + 1 };
}

function faultOf(command: ScriptCommand, argument: string): string | undefined {
  if (argument.length > MOST_CHARACTERS) return `the text after ${command} has more than ${MOST_CHARACTERS} characters`;
  if (/[\x00-\x1f\x7f]/.test(argument)) return `the text after ${command} has control characters`;
  const wanted: Argument = COMMANDS[command];
  if (wanted === 'text' && argument === '') return `${command} wants the text to wait for`;
  if (wanted === 'none' && argument !== '') return `${command} stands alone, but \`${argument}\` follows`;
  if (wanted === 'password' && argument.toLowerCase() !== 'password') return `${command} knows only \`password\``;
  if (wanted === 'seconds' && !(/^\d{1,4}$/.test(argument) && Number(argument) <= MOST_SECONDS))
    return `${command} wants whole seconds, at most ${MOST_SECONDS}, but has \`${argument}\``;
  return undefined;
}

/** An Expect after which a password is sent. */
export function asksPassword(line: ScriptLine | undefined): boolean {
  return line?.command === 'Expect' && ASKS_PASSWORD.test(line.argument);
}

/** Loops that fit together, and a password that is asked for and never given. */
function checkOrder(lines: readonly ScriptLine[], file: string): Problem[] {
  const problems: Problem[] = [];
  const open: number[] = [];
  for (const [index, { command, argument }] of lines.entries()) {
    if (command === 'LoopStart' && open.push(index) > MOST_LOOPS)
      problems.push(problem(file, index, `more than ${MOST_LOOPS} loops within each other`));
    if (command === 'LoopEnd' && open.pop() === undefined)
      problems.push(problem(file, index, 'LoopEnd without a LoopStart before it'));
    const next = lines[index + 1];
    if (asksPassword({ command, argument }) && next?.command === 'Expect')
      problems.push({
        ...doubt(
          file,
          index + 1,
          `after \`Expect ${argument}\` nothing is sent, and the other side waits for a password`,
        ),
        cure: 'put `Password` between the two lines',
      });
  }
  for (const index of open) problems.push(doubt(file, index, 'LoopStart without a LoopEnd: nothing is repeated'));
  return problems;
}

function problem(file: string, index: number, message: string, column = 1): Problem {
  return { severity: 'error', code: 'DIAL_SCRIPT', file, line: index + 1, column, message };
}

function doubt(file: string, index: number, message: string): Problem {
  return { ...problem(file, index, message), severity: 'warning', code: 'DIAL_SCRIPT_DOUBT' };
}

function printable(text: string): string {
  return text.slice(0, 100).replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ');
}

/** As it is stored and shown. */
export function formatLine({ command, argument }: ScriptLine): string {
  return argument === '' ? command : `${command} ${argument}`;
}
