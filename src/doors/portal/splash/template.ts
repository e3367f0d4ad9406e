/**
 * Splash pages as nodogsplash reads them: `$name` stands for a value, the longest run of letters, digits and _ being the name. Of a
 * name that nobody knows, or of more than 31 characters, the `$` goes and the name stays.
 *
 * A page is compiled once: where each variable stands decides how its value is escaped.
 */
import { escapeFor, type Place } from './escape.ts';

export type Variables = Readonly<Record<string, string>>;
export type Page = (variables: Variables) => string;

const LONGEST_NAME = 31;

interface Hole {
  readonly before: string;
  readonly name: string;
  readonly place: Place;
}

export function compilePage(text: string): Page {
  const holes: Hole[] = [];
  let end = 0;
  for (const match of text.matchAll(/\$([A-Za-z0-9_]*)/g)) {
    const name = match[1]!;
    holes.push({ before: text.slice(end, match.index), name, place: placeAt(text, match.index) });
    end = match.index + match[0].length;
  }
  const rest = text.slice(end);

  return function fill(variables) {
    let page = '';
    for (const { before, name, place } of holes) {
      page += before;
      const known = name.length <= LONGEST_NAME && Object.hasOwn(variables, name);
      page += known ? escapeFor(place, variables[name]!) : name;
    }
    return page + rest;
  };
}

function placeAt(text: string, index: number): Place {
  const before = text.slice(0, index);
  const opened = /.*<(script|style)\b/is.exec(before);
  if (opened && !new RegExp(`</${opened[1]}`, 'i').test(before.slice(opened[0].length))) return 'script';
  return /=["'][^"'<>]*[?&][\w.-]+=$/.test(before) ? 'query' : 'text';
}
