/**
 * Header lines put in and taken out. A constant text may be several headers; what variables bring stays within one.
 * Where a header is named, what is put in stands beside the first one of that name.
 */
import { word } from '../../message/chars.ts';
import { Header, headerId } from '../../message/header-names.ts';
import { cleanHeaders, cleanValue } from '../../message/header-text.ts';
import type { SipMessage } from '../../message/message.ts';
import type { Run } from '../../run.ts';
import type { Text } from '../../script/values/format.ts';

type Lines = (run: Run) => string;

export function linesOf(text: Text): Lines {
  const { constant } = text;
  if (constant === undefined) return (run) => `${cleanValue(text.read(run).replace(/\r\n$/, ''))}\r\n`;
  const fixed = cleanHeaders(constant);
  return () => fixed;
}

/** The first header of this name from an index on, or -1. */
export function finder(name: string): (message: SipMessage, from?: number) => number {
  const id = headerId(name);
  if (id !== Header.other) return (message, from) => message.indexOf(id, from);
  const wanted = word(name.toLowerCase());
  return (message, from) => message.indexOfName(wanted, from);
}

export function append(lines: Lines, beside: string | undefined) {
  const find = beside === undefined ? nowhere : finder(beside);
  return (run: Run) => {
    const index = find(run.message);
    if (index < 0) run.edits.bottom += lines(run);
    else run.edits.replace(index, currentLine(run, index) + lines(run));
    return 1;
  };
}

export function insert(lines: Lines, beside: string | undefined) {
  const find = beside === undefined ? nowhere : finder(beside);
  return (run: Run) => {
    const index = find(run.message);
    if (index < 0) run.edits.top = lines(run) + run.edits.top;
    else run.edits.replace(index, lines(run) + currentLine(run, index));
    return 1;
  };
}

/** 1, or -1 where there is no such header. */
export function remove(name: string) {
  const find = finder(name);
  return ({ message, edits }: Run) => {
    const first = find(message);
    for (let index = first; index >= 0; index = find(message, index + 1)) edits.remove(index);
    return first < 0 ? -1 : 1;
  };
}

function nowhere(_message: SipMessage): number {
  return -1;
}

/** The line as it is after the changes made so far, '' = removed. */
export function currentLine({ message, edits }: Run, index: number): string {
  return edits.lines?.[index] ?? message.lineAt(index);
}
