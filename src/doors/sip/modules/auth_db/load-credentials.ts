/** The parameter load_credentials: columns to read with each user, `[$avp(name)=]column` separated by semicolons. */
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

function entries(text: string): string[] {
  return text
    .split(';')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function columnOf(entry: string): string {
  return entry.slice(entry.lastIndexOf('=') + 1).trim();
}
