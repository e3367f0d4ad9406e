/** Lists tokens, page by page (worker side). They are written with the journal, and read by key as rows of our own. */
import { type RawBuilder, sql } from 'kysely';
import type { OwnCell, OwnValues } from '../core/journal/own-table.ts';
import { TOKEN_TABLE } from '../core/tokens/token.ts';
import type { TokenOrder, TokenQuery } from '../core/tokens/types.ts';
import type { Database } from './database.ts';

const ORDERS: Readonly<Record<TokenOrder, string>> = {
  serial: 'serial',
  type: 'type',
  login: 'login',
  active: 'active',
  failCount: 'fail_count',
  created: 'created',
  lastMatch: 'last_match',
};

export async function listTokens(db: Database, query: TokenQuery): Promise<{ rows: OwnValues[]; total: number }> {
  const { page = 1, pageSize = 1, orderBy = 'serial', descending = false } = query;
  const tests = testsOf(query);
  const where = tests.length > 0 ? sql` WHERE ${sql.join(tests, sql` AND `)}` : sql``;
  const counted = await sql<{ n: number }>`SELECT COUNT(*) AS n FROM gh_token${where}`.execute(db.kysely);
  const names = sql.join(TOKEN_TABLE.columns.map((column) => sql.ref(column)));
  const way = descending ? sql`DESC` : sql`ASC`;
  const { rows } = await sql<Record<string, OwnCell>>`SELECT ${names} FROM gh_token${where}
    ORDER BY ${sql.ref(ORDERS[orderBy])} ${way}, serial LIMIT ${pageSize} OFFSET ${(page - 1) * pageSize}`.execute(
    db.kysely,
  );
  return {
    rows: rows.map((row) => TOKEN_TABLE.columns.map((column) => row[column]!)),
    total: Number(counted.rows[0]!.n),
  };
}

function testsOf({ serial, login, owner, realm, type, text }: TokenQuery): RawBuilder<unknown>[] {
  const tests: RawBuilder<unknown>[] = [];
  if (serial !== undefined) tests.push(like('serial', pattern(serial)));
  if (login !== undefined) tests.push(like('login', pattern(login)));
  if (owner) tests.push(sql`owner_source = ${owner.source}`, sql`owner_id = ${owner.id}`);
  if (realm !== undefined) tests.push(like('realms', `%,${literally(realm)},%`));
  if (type !== undefined) tests.push(sql`type = ${type}`);
  if (text !== undefined && text !== '') {
    const part = `%${literally(text)}%`;
    tests.push(
      sql`(${sql.join(
        ['serial', 'login', 'description'].map((column) => like(column, part)),
        sql` OR `,
      )})`,
    );
  }
  return tests;
}

/** In any case. */
function like(column: string, text: string): RawBuilder<unknown> {
  return sql`LOWER(${sql.ref(column)}) LIKE ${text.toLowerCase()} ESCAPE '!'`;
}

/** `*` stands for any text. */
function pattern(text: string): string {
  return literally(text).replaceAll('*', '%');
}

function literally(text: string): string {
  return text.replace(/[!%_]/g, '!$&');
}
