/**
 * Faults in what an administrator wrote, all of them at once: place, what is wrong, the line itself, and the cure.
 *
 * `line` and `column` count from 1; line 0 means that the place has no lines (an environment variable, a missing file).
 * Form: the compilers' `file:line:column: error: message [CODE]`, which editors jump to.
 */
import { GatehouseError } from './errors.ts';
import { withoutSecrets } from './redact.ts';

export interface Problem {
  severity: 'error' | 'warning';
  /** Stable, documented in docs/errors.md. */
  code: string;
  file: string;
  line: number;
  column: number;
  /** Lower case, no full stop. */
  message: string;
  /** The source line and carets under the place. */
  excerpt?: string;
  cause?: string;
  cure?: string;
}

const EXCERPT_WIDTH = 100;

/** An error whose place is `file:line`, `file:line:column` or a name, as one problem among others. */
export function asProblem({ code, message, where = 'the configuration', hint }: GatehouseError): Problem {
  const [, file = where, line = 0, column = 1] = /^(.*?):(\d+)(?::(\d+))?$/.exec(where) ?? [];
  const place = { file, line: Number(line), column: Number(column) };
  return { severity: 'error', code, ...place, message, ...(hint ? { cure: hint } : {}) };
}

/** By file and place in it. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

/** `file:line:column`, or the file alone where there are no lines. */
export function placeOf(problem: Pick<Problem, 'file' | 'line' | 'column'>): string {
  return problem.line > 0 ? `${problem.file}:${problem.line}:${problem.column}` : problem.file;
}

/** The lines for a terminal; `paint` colours the word `error` or `warning`. */
export function renderProblem(
  problem: Problem,
  paint: (text: string, severity: Problem['severity']) => string = plain,
): string {
  const lines = [
    `${placeOf(problem)}: ${paint(`${problem.severity}:`, problem.severity)} ${problem.message} [${problem.code}]`,
  ];
  if (problem.excerpt) lines.push(...problem.excerpt.split('\n').map((line) => `    ${line}`));
  if (problem.cause) lines.push(`  cause: ${problem.cause}`);
  if (problem.cure) lines.push(`  cure: ${problem.cure.replaceAll('\n', '\n    ')}`);
  return lines.join('\n');
}

/**
 * The line of `text` and carets under the `length` characters from the column on. A long line is cut around the column; control
 * characters become spaces, so that a hostile file cannot steer the terminal; passwords and secrets are not shown.
 */
export function excerptOf(text: string, line: number, column: number, length = 1): string {
  const above = text.split('\n', line);
  const source = withoutSecrets(above.pop() ?? '', above.join('\n'));
  const start = column <= EXCERPT_WIDTH - 20 ? 0 : column - 40;
  const shown = source
    .slice(start, start + EXCERPT_WIDTH)
    .replaceAll(/[\x00-\x1f\x7f-\x9f]/g, ' ')
    .trimEnd();
  const lead = start > 0 ? '…' : '';
  const before = column - 1 - start;
  const carets = Math.max(1, Math.min(length, shown.length - before));
  return `${lead}${shown}\n${' '.repeat(lead.length + before)}${'^'.repeat(carets)}`;
}

/** `did you mean \`x\`?`, or `otherwise` when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>, otherwise: string): string {
  const name = nearest(word, candidates);
  return name === undefined ? otherwise : `did you mean \`${name}\`?`;
}

/**
 * The candidate that was probably meant: at most one edit in three letters and three in all, counting a swap of neighbours
 * as one.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const given = word.slice(0, 64).toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(given.length / 3))) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - given.length) >= bestDistance) continue;
    const distance = editDistance(given, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Several problems that together stop what was begun. */
export class ProblemsError extends GatehouseError {
  readonly problems: readonly Problem[];

  constructor(code: string, problems: readonly Problem[]) {
    const errors = problems.filter((problem) => problem.severity === 'error');
    const file = errors[0]?.file ?? 'the configuration';
    super(code, `${errors.length} ${errors.length === 1 ? 'error' : 'errors'}, the first in ${file}`);
    this.problems = inOrder(problems);
  }

  override toText(): string {
    return this.problems.map((problem) => renderProblem(problem)).join('\n');
  }
}

function plain(text: string): string {
  return text;
}

/** Optimal string alignment distance; both words are short. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
