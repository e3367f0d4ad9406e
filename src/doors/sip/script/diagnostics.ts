/**
 * Collects what is wrong with a script, each with its place, the line itself, cause and cure.
 *
 * Lines and columns count from 1; columns and lengths are UTF-16 code units, as editors count.
 */
import { excerptOf, type Problem } from '../../../platform/problems.ts';
import type { ScriptErrorCode } from './errors.ts';

/** A place in the text. */
export interface Span {
  readonly offset: number;
  readonly length: number;
  readonly line: number;
  readonly column: number;
}

export interface Explanation {
  readonly cause?: string;
  readonly cure?: string;
}

const MOST = 100;

/** Collects the problems of one file; past a hundred errors it only counts. */
export class Problems {
  readonly #file: string;
  readonly #text: string;
  readonly #list: Problem[] = [];
  #errors = 0;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
  }

  get errors(): number {
    return this.#errors;
  }

  /** Gives nothing, so that a reader can say `return problems.error(...)`. */
  error(code: ScriptErrorCode, at: Span, message: string, explanation: Explanation = {}): undefined {
    this.#errors++;
    if (this.#errors <= MOST) this.#add('error', code, at, message, explanation);
  }

  warn(code: ScriptErrorCode, at: Span, message: string, explanation: Explanation = {}): undefined {
    if (this.#list.length < 2 * MOST) this.#add('warning', code, at, message, explanation);
  }

  /** All of them in the order of the text. */
  sorted(): Problem[] {
    return this.#list.toSorted((a, b) => a.line - b.line || a.column - b.column);
  }

  #add(severity: Problem['severity'], code: ScriptErrorCode, at: Span, message: string, { cause, cure }: Explanation) {
    const { line, column, length } = at;
    this.#list.push({
      severity,
      code,
      file: this.#file,
      line,
      column,
      message,
      excerpt: excerptOf(this.#text, line, column, length),
      ...(cause ? { cause } : {}),
      ...(cure ? { cure } : {}),
    });
  }
}
