/** Values within filters (RFC 4515 section 3), so that nothing in them is taken for an operator. */

/** Blanks at the ends too: parsers differ on them. */
export function escapeFilterValue(value: string): string {
  return value.replaceAll(/[\\*()\0]|^ | $/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `*` stands for any characters, all else for itself. */
export function filterPattern(pattern: string): string {
  return pattern
    .split('*')
    .map(escapeFilterValue)
    .join('*')
    .replaceAll(/\*{2,}/g, '*');
}
