/**
 * gatehouse.yaml as a tree that remembers where everything stood.
 *
 * YAML 1.2, core schema, text keys only. Bounds: 1 MiB, 100 alias expansions; nesting that exhausts the stack is an error
 * like any other.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import type { Document, Node, ParsedNode } from 'yaml';
import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Problem } from '../problems.ts';
import { excerptOf } from '../problems.ts';
import type { ConfigCode } from './errors.ts';

const MAX_BYTES = 1024 * 1024;
const MAX_ALIASES = 100;

export interface Place {
  file: string;
  line: number;
  column: number;
}

export class YamlFile {
  readonly file: string;
  readonly problems: Problem[] = [];
  /** The values; an empty object when the file is empty or faulty. */
  readonly values: Record<string, unknown>;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: Document | undefined;

  constructor(file: string) {
    this.file = file;
    this.#text = this.#read();
    this.#document = this.#parse();
    this.values = this.#toValues();
  }

  /** Where the value stands; `key`: where its name stands. For what is absent, the nearest section around it. */
  place(path: readonly PropertyKey[], key = false): Place {
    let node: unknown = this.#document?.contents;
    let offset = startOf(node);
    for (const [index, step] of path.entries()) {
      const last = index === path.length - 1;
      if (isMap(node)) {
        const pair = node.items.find(
          (item) => isNode(item.key) && String((item.key as { value?: unknown }).value) === String(step),
        );
        if (!pair) break;
        offset = last && !key ? (startOf(pair.value) ?? startOf(pair.key)) : startOf(pair.key);
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        offset = startOf(node) ?? offset;
      } else break;
    }
    return this.#placeAt(offset ?? 0);
  }

  excerpt(place: Place): string {
    return excerptOf(this.#text, place.line, place.column);
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
  }

  #read(): string {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(this.file, 'r');
      const stat = fstatSync(descriptor);
      if (stat.isDirectory()) return this.#unreadable('it is a directory');
      if (stat.size > MAX_BYTES) return this.#unreadable(`it has ${stat.size} bytes, at most ${MAX_BYTES} are read`);
      const text = readFileSync(descriptor, 'utf8');
      return text.length > MAX_BYTES ? this.#unreadable(`more than ${MAX_BYTES} bytes`) : text;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      return this.#unreadable(
        code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : String(code),
      );
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  #unreadable(why: string): string {
    const message = `the configuration cannot be read: ${why}`;
    this.problems.push({ severity: 'error', code: 'CONFIG_UNREADABLE', file: this.file, line: 0, column: 0, message });
    return '';
  }

  #parse(): Document.Parsed<ParsedNode> | undefined {
    try {
      const document = parseDocument(this.#text, { lineCounter: this.#lines, prettyErrors: false, stringKeys: true });
      for (const fault of document.errors) {
        const code = fault.code === 'DUPLICATE_KEY' ? 'CONFIG_DUPLICATE' : 'CONFIG_SYNTAX';
        this.#report('error', code, fault.message, fault.pos[0]);
      }
      for (const fault of document.warnings) this.#report('warning', 'CONFIG_SYNTAX', fault.message, fault.pos[0]);
      return document;
    } catch (error) {
      this.#report('error', 'CONFIG_SYNTAX', error instanceof RangeError ? 'nested too deeply' : String(error), 0);
      return undefined;
    }
  }

  #report(severity: Problem['severity'], code: ConfigCode, message: string, offset: number): void {
    const place = this.#placeAt(offset);
    const text = message.replaceAll(/\s+/g, ' ').trim();
    const said = code === 'CONFIG_DUPLICATE' ? 'this option is given twice in its section' : lowerFirst(text);
    this.problems.push({ severity, code, ...place, message: said, excerpt: this.excerpt(place) });
  }

  #toValues(): Record<string, unknown> {
    if (!this.#document || this.problems.some((problem) => problem.severity === 'error')) return {};
    try {
      const values: unknown = this.#document.toJS({ maxAliasCount: MAX_ALIASES });
      if (values === null || values === undefined) return {};
      if (typeof values === 'object' && !Array.isArray(values)) return values as Record<string, unknown>;
      this.#report(
        'error',
        'CONFIG_VALUE',
        'the file must be a section of `name: value` lines',
        startOf(this.#document.contents) ?? 0,
      );
    } catch (error) {
      const message = error instanceof RangeError ? 'nested too deeply' : 'too many aliases, or one that leads nowhere';
      this.#report('error', 'CONFIG_SYNTAX', message, 0);
    }
    return {};
  }
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? ((node as Node).range?.[0] ?? undefined) : undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
