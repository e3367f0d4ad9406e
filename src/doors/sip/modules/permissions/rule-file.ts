/**
 * Rule files of permissions: each line says who may reach whom, as hosts.allow does for hosts.
 *
 *     "^sip:10" EXCEPT "^sip:1099@" : ALL EXCEPT "^sip:00", "^sip:\+"
 *
 * Left the expressions for the first URI, right those for the second; ALL matches any; behind EXCEPT stands what is taken out again.
 * `#` begins a comment. Expressions are POSIX extended, in any case, unanchored. A file that does not exist is empty; one that
 * cannot be read stops the start, since nobody could know what it forbids. Errors: SIP_PERMISSIONS.
 */
import { readFileSync, statSync } from 'node:fs';
import { describeError, GatehouseError } from '../../../../platform/errors.ts';
import { Pattern } from '../../script/pattern.ts';

const LARGEST = 1 << 20;
const MOST_RULES = 10_000;
const TOKEN = /[ \t]*(?:"([^"]*)"|(ALL|EXCEPT)(?![A-Za-z])|([:,])|(#.*)|$)/iy;

/** Undefined stands for ALL. */
type Item = Pattern | undefined;

interface Side {
  readonly items: readonly Item[];
  readonly except: readonly Item[];
}

interface Rule {
  readonly left: Side;
  readonly right: Side;
}

export class RuleFile {
  readonly #rules: readonly Rule[];

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  matches(left: string, right: string): boolean {
    return this.#rules.some((rule) => sideMatches(rule.left, left) && sideMatches(rule.right, right));
  }
}

export function readRuleFile(path: string): RuleFile {
  const text = readText(path);
  const rules: Rule[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const rule = parseRule(line, `${path}:${index + 1}`);
    if (rule && rules.push(rule) > MOST_RULES) throw refused(path, `it has more than ${MOST_RULES} rules`);
  }
  return new RuleFile(rules);
}

function readText(path: string): string {
  try {
    if (statSync(path).size > LARGEST) throw refused(path, 'it is larger than 1 MiB');
    return readFileSync(path, 'latin1');
  } catch (error) {
    if (error instanceof GatehouseError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw refused(path, describeError(error));
  }
}

/** Undefined: an empty line. */
function parseRule(line: string, where: string): Rule | undefined {
  const words = tokens(line, where);
  if (words.length === 0) return undefined;
  const colon = words.indexOf(':');
  if (colon < 0) throw refused(where, 'the rule has no `:`');
  return { left: side(words.slice(0, colon), where), right: side(words.slice(colon + 1), where) };
}

type Word = Item | ':' | ',' | 'except';

function tokens(line: string, where: string): Word[] {
  const words: Word[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < line.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(line);
    if (!found) throw refused(where, `cannot be read from character ${at + 1} on`);
    const [all, quoted, word, sign, comment] = found;
    if (quoted !== undefined) words.push(pattern(quoted, where));
    else if (word !== undefined) words.push(word.toUpperCase() === 'ALL' ? undefined : 'except');
    else if (sign !== undefined) words.push(sign as ':' | ',');
    else if (comment !== undefined || all.length === 0 || at + all.length >= line.length) break;
  }
  return words;
}

function side(words: readonly Word[], where: string): Side {
  const cut = words.indexOf('except');
  const items = list(cut < 0 ? words : words.slice(0, cut), where);
  return { items, except: cut < 0 ? [] : list(words.slice(cut + 1), where) };
}

function list(words: readonly Word[], where: string): Item[] {
  const items: Item[] = [];
  for (const [index, word] of words.entries()) {
    const isItem = word === undefined || word instanceof Pattern;
    if (isItem !== (index % 2 === 0) || (!isItem && word !== ',')) throw unordered(where);
    if (isItem) items.push(word);
  }
  if (words.length % 2 === 0) throw unordered(where);
  return items;
}

function unordered(where: string): GatehouseError {
  return refused(where, 'expressions must stand in quotes with commas between them, or be ALL');
}

function pattern(text: string, where: string): Pattern {
  try {
    return new Pattern(text);
  } catch (error) {
    throw refused(where, `"${text}" is no regular expression: ${describeError(error)}`);
  }
}

function refused(where: string, why: string): GatehouseError {
  return new GatehouseError('SIP_PERMISSIONS', why, {
    where,
    hint: 'a rule is written "expression", "expression" EXCEPT "expression" : "expression"; ALL stands for any',
  });
}

function sideMatches({ items, except }: Side, text: string): boolean {
  return anyMatches(items, text) && !anyMatches(except, text);
}

function anyMatches(items: readonly Item[], text: string): boolean {
  return items.some((item) => item === undefined || item.test(text));
}
