/** Tables as CSV (RFC 4180), the texts in quotation marks. */

export function csvText(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(quoted).join(',')}\n`).join('');
}

/** A text that a spreadsheet would take for a formula begins with an apostrophe; a number of a telephone is none. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^[+-]?[0-9 .]+$/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
