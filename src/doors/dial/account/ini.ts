/** KConfig's files: `[group]`, `key=value`, escapes; lists with commas, each entry escaped once more. */
import type { Problem } from '../../../platform/problems.ts';

export interface IniEntry {
  readonly value: string;
  readonly line: number;
}

export interface IniGroup {
  readonly name: string;
  readonly line: number;
  readonly entries: Map<string, IniEntry>;
}

const ESCAPES: Readonly<Record<string, string>> = { s: ' ', t: '\t', n: '\n', r: '\r', '\\': '\\' };

export function parseIni(text: string, file: string, problems: Problem[]): IniGroup[] {
  const groups: IniGroup[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const heading = /^\[([^\]]*)\]/.exec(content);
    const pair = /^([^=[]+?)(?:\[[^\]]*\])*\s*=\s*(.*)$/.exec(content);
    if (heading) groups.push({ name: heading[1]!, line, entries: new Map() });
    else if (pair && groups.length > 0)
      groups.at(-1)!.entries.set(pair[1]!.trim(), { value: unescaped(pair[2]!), line });
    else {
      const message = 'this is neither a [group] nor a key=value, and was left out';
      problems.push({ severity: 'warning', code: 'DIAL_IMPORT_DOUBT', file, line, column: 1, message });
    }
  }
  return groups;
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.)/g, (all, char: string) => ESCAPES[char] ?? all);
}

/** Entries at commas that have no backslash before them. */
export function listOf(value: string): string[] {
  if (value === '' || value === '\\0') return [];
  const entries = [''];
  for (const [all, escaped] of value.matchAll(/\\(.)|./gs)) {
    if (all === ',') entries.push('');
    else entries[entries.length - 1] += escaped ?? all;
  }
  return entries;
}
