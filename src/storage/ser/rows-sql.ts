/** Changes of rows as SQL text; neighbours that insert into the same table become one statement. */
import type { Cell } from '../batch.ts';
import type { RowChange, RowsPlan } from './rows-plan.ts';

export function rowsSql(changes: readonly RowChange[], literal: (value: Cell) => string): string[] {
  const statements: string[] = [];
  let last: RowsPlan | undefined;
  for (const change of changes) {
    if ('where' in change) {
      last = undefined;
      statements.push(
        deleteSql(
          change.plan,
          change.where.map(([column, value]) => [column, literal(value)]),
        ),
      );
      continue;
    }
    const values = `(${change.values.map(literal).join(', ')})`;
    if (change.plan === last) statements.push(`${statements.pop()}, ${values}`);
    else statements.push(`${insertHead(change.plan)} ${values}`);
    last = change.plan;
  }
  return statements;
}

export function insertHead({ quote, table, columns }: RowsPlan): string {
  return `INSERT INTO ${quote(table)} (${columns.map(({ name }) => quote(name)).join(', ')}) VALUES`;
}

/** `tests`: each column and what stands for its value. */
export function deleteSql({ quote, table }: RowsPlan, tests: readonly (readonly [string, string])[]): string {
  const all = tests.map(([column, value]) => `${quote(column)} = ${value}`);
  return `DELETE FROM ${quote(table)} WHERE ${['1 = 1', ...all].join(' AND ')}`;
}
