/**
 * `{s.…}`, `{uri.…}`, `{param.…}`: what makes another value of a variable's value. Bound once, when the script is read.
 *
 * What cannot be made is NULL, as the value of something NULL is; the length of NULL is 0. Source: the transformations of
 * OpenSER 1.3.
 */
import { createHash } from 'node:crypto';
import { textOf, type Value, wholeNumber } from './types.ts';
import { uriTransformation } from './uri-transformations.ts';

export type Transformation = (value: Value) => Value;
type OfText = (text: string) => Value;

/** Binds the arguments behind the name; a string is a complaint. */
type Binder = (args: readonly string[]) => OfText | string;

const plain =
  (change: OfText): Binder =>
  (args) =>
    args.length === 0 ? change : 'takes no argument';

const STRING: Readonly<Record<string, Binder>> = {
  len: plain((text) => text.length),
  int: plain((text) => wholeNumber(Number(/^\s*[-+]?\d{1,15}/.exec(text)?.[0] ?? 0))),
  md5: plain((text) => createHash('md5').update(text, 'latin1').digest('hex')),
  substr: bindSubstring,
  select: bindSelect,
  'encode.hexa': plain((text) => Buffer.from(text, 'latin1').toString('hex')),
  'decode.hexa': plain((text) =>
    /^([0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, 'hex').toString('latin1') : undefined,
  ),
  'escape.common': plain((text) => text.replace(/['"\\\0]/g, (char) => (char === '\0' ? '\\0' : `\\${char}`))),
  'unescape.common': plain((text) => text.replace(/\\(['"\\0])/g, (_, char: string) => (char === '0' ? '\0' : char))),
  'escape.user': plain((text) =>
    text.replace(/[^A-Za-z0-9_.!~*'()&=+$,;?/-]/g, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`),
  ),
  'unescape.user': plain((text) =>
    text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
  ),
};

/** Names of `{s.…}`, for suggestions. */
export const STRING_NAMES = Object.keys(STRING).map((name) => `s.${name}`);

/** `text`: what stands between the braces. A string is a complaint. */
export function bindTransformation(text: string): Transformation | string {
  // Arguments are taken as they stand: a separator may be a blank.
  const [first = '', ...args] = text.split(',');
  const head = first.trim();
  const dot = head.indexOf('.');
  const kind = head.slice(0, dot);
  const name = head.slice(dot + 1);
  if (kind === 's') {
    const bind = Object.hasOwn(STRING, name) ? STRING[name] : undefined;
    if (!bind) return `there is no transformation {${head}} in OpenSER; it has ${STRING_NAMES.join(', ')}`;
    const change = bind(args);
    if (typeof change === 'string') return `{${head}} ${change}`;
    return (value) => (value === undefined ? (name === 'len' ? 0 : undefined) : change(textOf(value)));
  }
  const change = uriTransformation(kind, name, args);
  if (change === undefined) return `there is no transformation {${head}} in OpenSER`;
  if (typeof change === 'string') return `{${head}} ${change}`;
  return (value) => (value === undefined ? undefined : change(textOf(value)));
}

/** Counts from 0; a negative start counts from the end; a length of 0 means to the end. */
function bindSubstring(args: readonly string[]): OfText | string {
  const [start, length] = args.map(numberOf);
  if (args.length !== 2 || start === undefined || length === undefined || length < 0) {
    return 'takes a start and a length, as in {s.substr,2,3}';
  }
  return (text) => {
    const from = start < 0 ? text.length + start : start;
    if (from < 0 || from >= text.length) return undefined;
    return length === 0 ? text.slice(from) : text.slice(from, from + length);
  };
}

/** A negative index counts from the last field. The separator is one character; it was cut at the commas if it is one. */
function bindSelect(args: readonly string[]): OfText | string {
  const index = numberOf(args[0] ?? '');
  const separator = args.length === 3 && args[1] === '' && args[2] === '' ? ',' : (args[1] ?? '');
  if (index === undefined || separator.length !== 1) {
    return 'takes an index and a separator, as in {s.select,1,;}';
  }
  return (text) => text.split(separator).at(index);
}

function numberOf(text: string): number | undefined {
  return /^\s*-?\d{1,6}\s*$/.test(text) ? Number(text) : undefined;
}
