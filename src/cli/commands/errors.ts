/** `gatehouse errors [CODE]`: the table in docs/errors.md, which a test keeps equal to the code. */
import { readFileSync } from 'node:fs';
import { nearest } from '../../platform/problems.ts';
import type { Context } from '../context.ts';
import { answer } from '../context.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

export async function run(context: Context, code: string | undefined): Promise<ExitCode> {
  const all = documentedErrors(readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8'));
  const wanted = code?.toUpperCase();
  const errors = all.filter((error) => wanted === undefined || error.code === wanted);
  if (errors.length === 0) {
    const meant = nearest(
      wanted ?? '',
      all.map((error) => error.code),
    );
    answer(context, { errors }, () => `there is no error ${wanted}${meant ? `; did you mean ${meant}?` : ''}`);
    return EXIT.notFound;
  }
  answer(context, { errors }, () =>
    table(
      context.io,
      ['CODE', 'MEANING'],
      errors.map((error) => [error.code, error.meaning]),
    ),
  );
  return EXIT.ok;
}

/** Rows of the form `| CODE | meaning |`, the code perhaps in backticks. */
export function documentedErrors(markdown: string): { code: string; meaning: string }[] {
  const rows = markdown.matchAll(/^\| *`?([A-Z][A-Z0-9_]+)`? *\| *([^|\n]+?) *\|/gm);
  return [...rows].map((row) => ({ code: row[1]!, meaning: row[2]! }));
}
