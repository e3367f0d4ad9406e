/** Names and values as SQL text, for connections with `standard_conforming_strings` (see connect.ts): only quotes are doubled. */

/** A plain name means what it means unquoted, as SER's tools write it: the same in small letters. */
export function quoteName(name: string): string {
  return `"${plainName(name).replaceAll('"', '""')}"`;
}

export function plainName(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/i.test(name) ? name.toLowerCase() : name;
}

const ARRAY_SPECIAL = /["\\]/;

/** One element of an array's text. */
export function textElement(text: string): string {
  return ARRAY_SPECIAL.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
}

export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
