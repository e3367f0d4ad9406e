/**
 * What is wrong with a script, told so that it can be mended: file, line, column, the offending text, cause and cure.
 *
 * Lines and columns count from 1; columns and lengths are UTF-16 code units, as editors count.
 */
import type { ScriptErrorCode } from './errors.ts';

/** A place in the text. */
export interface Span {
  readonly offset: number;
  readonly length: number;
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: ScriptErrorCode;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** Lower case, no full stop. */
  readonly message: string;
  readonly cause: string | undefined;
  readonly cure: string | undefined;
}

export interface Explanation {
  readonly cause?: string;
  readonly cure?: string;
}

const MOST = 100;

/** Collects the problems of one file; past a hundred errors it only counts. */
export class Problems {
  readonly file: string;
  readonly #list: Problem[] = [];
  #errors = 0;

  constructor(file: string) {
    this.file = file;
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
    this.#list.push({ severity, code, file: this.file, line, column, length, message, cause, cure });
  }
}

/** One problem for a terminal: where and what, the source line with a caret under the place, then cause and cure. */
export function renderProblem(problem: Problem, text: string): string {
  const source = text.split('\n', problem.line)[problem.line - 1]?.replace(/\r$/, '') ?? '';
  const before = source.slice(0, problem.column - 1).replace(/[^\t]/g, ' ');
  const width = Math.max(1, Math.min(problem.length, source.length - problem.column + 1));
  const gutter = String(problem.line);
  const margin = ' '.repeat(gutter.length);
  const lines = [
    `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${problem.message} [${problem.code}]`,
    ` ${gutter} | ${source}`,
    ` ${margin} | ${before}${'^'.repeat(width)}`,
  ];
  if (problem.cause) lines.push(` ${margin} = cause: ${problem.cause}`);
  if (problem.cure) lines.push(` ${margin} = cure:  ${problem.cure.replaceAll('\n', `\n ${margin}          `)}`);
  return lines.join('\n');
}

/** All problems of a file, with the count on the last line. */
export function renderProblems(problems: readonly Problem[], text: string): string {
  const errors = problems.filter((p) => p.severity === 'error').length;
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  const summary = `${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`;
  return [...problems.map((p) => renderProblem(p, text)), summary].join('\n\n');
}
