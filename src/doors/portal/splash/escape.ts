/** A value for the place that it stands in, so that it can be nothing but a value there. */

/** `query`: after `name=` of an address in an attribute. `script`: in a script or style element, where entities are not read. */
export type Place = 'text' | 'query' | 'script';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '`': '&#96;',
};

export function escapeFor(place: Place, value: string): string {
  if (place === 'query') return html(encodeURIComponent(value.toWellFormed()));
  if (place === 'script') return value.replace(/[^A-Za-z0-9 .,:_-]/g, unicodeEscape);
  return html(value);
}

/** In text, in comments, and in attributes between quotation marks. */
export function html(value: string): string {
  return value.replace(/[&<>"'`]/g, (character) => ENTITIES[character]!);
}

/** One for each UTF-16 unit. */
function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
