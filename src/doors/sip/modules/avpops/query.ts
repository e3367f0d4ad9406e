/**
 * avp_db_query: a statement of the script's author, asked of the database; columns of the answer become AVPs.
 *
 * The run waits for it; what is written is on disk when it goes on. Source: OpenSER 1.3's avpops; there a message's values become part of
 * the statement's text, here they never do.
 */
import type { RowCell, RowCells } from '../../../../core/ser/types.ts';
import type { Run } from '../../run.ts';
import type { Call, ScriptUses } from '../../script/types.ts';
import { LONGEST_TEXT, textOf, type Value } from '../../script/values/types.ts';
import type { Services } from '../../services.ts';
import { resumeWith } from '../resume-with.ts';
import { checkAvp } from './arguments.ts';
import { push } from './memory.ts';
import { type Hole, MOST_ROWS, readStatement } from './statement.ts';

const FAILED = -1;
const NO_ROWS = -2;

/** `destinations`: AVPs for the columns, `$avp(s:a);$avp(i:2)`; absent: `$avp(i:1)` and so on. */
export function query(
  text: string,
  destinations: string | undefined,
  database: string,
  { tables, log }: Services,
  uses: ScriptUses,
): Call {
  const statement = readStatement(text);
  if (typeof statement === 'string') throw new Error(`the statement was not checked: it ${statement}`);
  const { sql, reads } = statement;
  const values = statement.holes.map((hole) => reader(hole, uses));
  const names = destinations === undefined ? undefined : namesIn(destinations).map((name) => uses.avpName(name)!);
  const take = (run: Run, rows: readonly RowCells[]) => {
    let done = false;
    for (const row of rows) {
      for (const [column, cell] of row.entries()) {
        const name = names === undefined ? `i:${column + 1}` : names[column];
        if (name !== undefined && cell !== null && push(run, name, cell)) done = true;
      }
    }
    return done ? 1 : NO_ROWS;
  };
  return (run) => {
    const answer = tables.ask(
      database,
      sql,
      values.map((read) => read(run)),
      MOST_ROWS,
    );
    const finish = (rows: readonly RowCells[]) => {
      if (reads) return take(run, rows);
      tables.rowsChanged();
      return 1;
    };
    return resumeWith(run, answer, log, finish, () => FAILED);
  };
}

export function checkStatement(text: string): string | undefined {
  const statement = readStatement(text);
  return typeof statement === 'string' ? statement : undefined;
}

export function checkDestinations(text: string): string | undefined {
  return namesIn(text)
    .map((name) => checkAvp(name))
    .find((complaint) => complaint !== undefined);
}

function namesIn(text: string): string[] {
  return text.split(';').map((name) => name.trim());
}

function reader({ parts, quoted }: Hole, uses: ScriptUses): (run: Run) => RowCell {
  const readers = parts.map(({ text, variable }) => {
    if (!variable) return () => text;
    const found = uses.variable(text)!;
    return (run: Run) => found.read(run);
  });
  if (!quoted) return (run) => bare(readers[0]!(run));
  return (run) => {
    let made = '';
    for (const read of readers) made += textOf(read(run));
    return made.slice(0, LONGEST_TEXT);
  };
}

/** As it would have been read in its place: digits are a number. */
function bare(value: Value): RowCell {
  if (value === undefined) return null;
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
}
