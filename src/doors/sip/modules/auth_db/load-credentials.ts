/** The parameter load_credentials: columns to read with each user, `[$avp(name)=]column` separated by semicolons. */
import { avpName } from '../../script/values/avp-variables.ts';
import type { AvpName } from '../../script/values/avps.ts';
import { sqlName } from '../value-checks.ts';

export function loadedColumns(text: string): string[] {
  return entries(text).map(columnOf);
}

/** A complaint, or undefined when the text is fine. */
export function checkLoadCredentials(text: string): string | undefined {
  for (const entry of entries(text)) {
    const fault = sqlName(columnOf(entry));
    if (fault) return fault;
  }
  return undefined;
}

/** The AVP of each column; `$avp(s:column)` where none is named. */
export function loadedAvps(text: string): AvpName[] {
  return entries(text).map((entry) => {
    const named = /^\$avp\((.*)\)\s*=/.exec(entry)?.[1];
    return (named === undefined ? undefined : avpName(named, new Map())) ?? `s:${columnOf(entry)}`;
  });
}

function entries(text: string): string[] {
  return text
    .split(';')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function columnOf(entry: string): string {
  return entry.slice(entry.lastIndexOf('=') + 1).trim();
}
