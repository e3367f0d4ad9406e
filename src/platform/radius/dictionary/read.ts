/**
 * Reads dictionaries as FreeRADIUS has them: ATTRIBUTE, VALUE, VENDOR, BEGIN-VENDOR, END-VENDOR, $INCLUDE.
 *
 * What stands between BEGIN-TLV and END-TLV, and attributes with a dotted number, cannot be written and are left out. Bounded: files, their
 * depth, bytes and attributes. Errors: RADIUS_DICTIONARY with file and line.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { GatehouseError } from '../../errors.ts';
import type { Dictionary, DictionaryVendor } from './dictionary.ts';

const MOST_FILES = 1_000;
const DEEPEST = 10;
const MOST_BYTES = 16 << 20;
const MOST_ATTRIBUTES = 100_000;
/** Keywords of later versions and of what is not packed plainly: nothing that a policy could give out. */
const PASSED_OVER = new Set([
  'FLAGS',
  'PROTOCOL',
  'BEGIN-PROTOCOL',
  'END-PROTOCOL',
  'MEMBER',
  'STRUCT',
  'ENUM',
  'ALIAS',
  'DEFINE',
  'VALUE-ALIAS',
]);

export type ReadText = (file: string) => string;

/** `into`: names that are there already get their new meaning. */
export function readDictionary(
  file: string,
  into: Dictionary,
  read: ReadText = (path) => readFileSync(path, 'latin1'),
): void {
  new Reader(into, read).file(resolve(file), 0, undefined);
}

class Reader {
  readonly #dictionary: Dictionary;
  readonly #read: ReadText;
  readonly #open: string[] = [];
  #files = 0;
  #bytes = 0;
  #vendor: DictionaryVendor | undefined;
  /** Depth of BEGIN-TLV. */
  #within = 0;

  constructor(dictionary: Dictionary, read: ReadText) {
    this.#dictionary = dictionary;
    this.#read = read;
  }

  file(path: string, depth: number, where: string | undefined): void {
    if (depth > DEEPEST || this.#open.includes(path))
      throw fault(where, `${path} is included within itself, or too deep`);
    if (++this.#files > MOST_FILES) throw fault(where, `there are more than ${MOST_FILES} files`);
    let text: string;
    try {
      text = this.#read(path);
    } catch (cause) {
      throw fault(where, `${path} cannot be read`, cause);
    }
    this.#bytes += text.length;
    if (this.#bytes > MOST_BYTES) throw fault(where, `there are more than ${MOST_BYTES} bytes`);
    this.#open.push(path);
    for (const [at, line] of text.split('\n').entries()) this.#line(line, path, at + 1, depth);
    this.#open.pop();
  }

  #line(line: string, path: string, number: number, depth: number): void {
    const words = line.replace(/#.*/, '').trim().split(/\s+/);
    const keyword = words[0]!.toUpperCase();
    if (keyword === '' || PASSED_OVER.has(keyword)) return;
    const where = `${path}:${number}`;
    const file = resolve(dirname(path), words[1] ?? '');
    if (keyword === '$INCLUDE') this.file(file, depth + 1, where);
    else if (keyword === '$INCLUDE-') this.#perhaps(file, depth + 1, where);
    else if (keyword === 'VENDOR') this.#addVendor(words, where);
    else if (keyword === 'BEGIN-VENDOR') this.#begin(words, where);
    else if (keyword === 'END-VENDOR') this.#vendor = undefined;
    else if (keyword === 'ATTRIBUTE') this.#addAttribute(words, where);
    else if (keyword === 'VALUE') this.#addValue(words, where);
    else if (keyword === 'BEGIN-TLV') this.#within++;
    else if (keyword === 'END-TLV') this.#within--;
    else throw fault(where, `there is no keyword ${keyword.slice(0, 40)}`);
  }

  /** One that need not be there. */
  #perhaps(path: string, depth: number, where: string): void {
    try {
      this.#read(path);
    } catch {
      return;
    }
    this.file(path, depth, where);
  }

  #addVendor([, name, digits, format]: readonly string[], where: string): void {
    const number = numberIn(digits);
    if (name === undefined || number === undefined) throw fault(where, 'write VENDOR NAME NUMBER');
    this.#dictionary.addVendor({ name, number, isPlain: format === undefined || format === 'format=1,1' });
  }

  #begin([, name = '', format]: readonly string[], where: string): void {
    const vendor = this.#dictionary.vendor(name);
    if (vendor === undefined) throw fault(where, `there is no vendor ${name.slice(0, 40)}`);
    this.#vendor = format === undefined ? vendor : { ...vendor, isPlain: false };
  }

  #addAttribute([, name, digits = '', written = '', ...options]: readonly string[], where: string): void {
    if (name === undefined || written === '') throw fault(where, 'write ATTRIBUTE NAME NUMBER TYPE');
    if (this.#dictionary.size >= MOST_ATTRIBUTES)
      throw fault(where, `there are more than ${MOST_ATTRIBUTES} attributes`);
    if (digits.includes('.') || this.#within > 0) return;
    const type = numberIn(digits);
    if (type === undefined) throw fault(where, `${digits.slice(0, 40)} is no number of an attribute`);
    const kind = KINDS[written.toLowerCase()] ?? written.toLowerCase().replace(/\[.*/, '');
    const flags = options.join(',').split(',');
    // The last word may be a vendor, as old dictionaries have it.
    const vendor =
      this.#vendor ?? options.map((word) => this.#dictionary.vendor(word)).find((one) => one !== undefined);
    const isPlain = vendor?.isPlain ?? true;
    const encrypted = flags.some((flag) => flag.startsWith('encrypt='));
    const place = { vendor: vendor?.number ?? 0, type: isPlain ? type : 0 };
    this.#dictionary.add({ name, ...place, kind, hasTag: flags.includes('has_tag'), encrypted, words: new Map() });
  }

  #addValue([, name = '', word, digits]: readonly string[], where: string): void {
    const number = numberIn(digits);
    if (word === undefined || number === undefined) throw fault(where, 'write VALUE ATTRIBUTE WORD NUMBER');
    // Of an attribute that was left out, or comes later: FreeRADIUS takes that, too.
    this.#dictionary.attribute(name)?.words.set(word.toLowerCase(), number);
  }
}

const KINDS: Readonly<Record<string, string>> = {
  uint8: 'byte',
  uint16: 'short',
  uint32: 'integer',
  uint64: 'integer64',
  ipv4addr: 'ipaddr',
  text: 'string',
};

function numberIn(digits: string | undefined): number | undefined {
  return digits !== undefined && /^(?:\d{1,10}|0x[0-9a-f]{1,8})$/i.test(digits) ? Number(digits) : undefined;
}

function fault(where: string | undefined, message: string, cause?: unknown): GatehouseError {
  return new GatehouseError('RADIUS_DICTIONARY', message, { ...(where ? { where } : {}), ...(cause ? { cause } : {}) });
}
