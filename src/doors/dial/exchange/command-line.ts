/**
 * One command line of a Hayes modem taken apart: `ATQ0 V1 E1 S0=0 &C1 &D2` and `AT&C0S0=1DT5551234`.
 * Letters in either case, spaces anywhere; a missing number is 0. Source: V.250 sections 5.2 to 5.4.
 */

export type Command =
  /** E1 is {name: 'E', value: 1}, &C1 is {name: '&C', value: 1}. */
  | { readonly kind: 'basic'; readonly name: string; readonly value: number }
  | { readonly kind: 'set'; readonly register: number; readonly value: number }
  | { readonly kind: 'ask'; readonly register: number }
  /** The rest of the line. */
  | { readonly kind: 'dial'; readonly number: string }
  /** +VCID=1, #CID=1: everything up to a semicolon. */
  | { readonly kind: 'extended'; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

const BASIC = /^(?:[&\\%][A-Z]|[A-CE-Z])(\d*)/;

/** `line` without AT. What is wrong comes last, as `unknown`: what stands before it is carried out, as modems do. */
export function parseCommandLine(line: string): Command[] {
  let rest = line.replaceAll(' ', '').toUpperCase();
  const commands: Command[] = [];
  while (rest !== '') {
    const { command, length } = first(rest);
    commands.push(command);
    if (command.kind === 'unknown') break;
    rest = rest.slice(length);
  }
  return commands;
}

function first(text: string): { command: Command; length: number } {
  if (text[0] === 'D') return { command: { kind: 'dial', number: text.slice(1) }, length: text.length };
  if (text[0] === '+' || text[0] === '#') {
    const end = text.indexOf(';');
    const body = end < 0 ? text : text.slice(0, end);
    return { command: { kind: 'extended', text: body }, length: end < 0 ? text.length : end + 1 };
  }
  const set = /^S(\d{1,3})=(\d{0,3})/.exec(text);
  if (set) return { command: { kind: 'set', register: Number(set[1]), value: Number(set[2]) }, length: set[0].length };
  const ask = /^S(\d{1,3})\?/.exec(text);
  if (ask) return { command: { kind: 'ask', register: Number(ask[1]) }, length: ask[0].length };
  const basic = text[0] === 'S' ? null : BASIC.exec(text);
  if (!basic) return { command: { kind: 'unknown', text }, length: text.length };
  const name = basic[0].slice(0, basic[0].length - basic[1]!.length);
  return { command: { kind: 'basic', name, value: Number(basic[1]) }, length: basic[0].length };
}
