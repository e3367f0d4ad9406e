/** What is read of a LinOTP database, whichever it lies in: tables as LinOTP makes them, with two tokens. */
import assert from 'node:assert/strict';
import { LINOTP_COLUMNS } from '../../core/linotp/tokens.ts';
import { openLinotpDatabase } from './open.ts';

const NUMBERS: readonly string[] = LINOTP_COLUMNS.slice(-7);

/** `quote`: of names. */
export function linotpTables(quote: string): string[] {
  const name = (text: string) => quote + text + quote;
  const typeOf = (column: string) =>
    column === 'LinOtpIsactive' ? 'BOOLEAN' : NUMBERS.includes(column) ? 'INTEGER' : 'VARCHAR(512)';
  const columns = LINOTP_COLUMNS.map((column) => `${name(column)} ${typeOf(column)}`);
  const given = ['LinOtpTokenId', 'LinOtpTokenSerialnumber', 'LinOtpIsactive', 'LinOtpCount'].map(name).join(', ');
  const id = name('id');
  return [
    `CREATE TABLE ${name('Token')} (${name('LinOtpTokenId')} INTEGER PRIMARY KEY, ${columns.join(', ')})`,
    `CREATE TABLE ${name('Realm')} (${id} INTEGER PRIMARY KEY, ${name('name')} VARCHAR(255))`,
    `CREATE TABLE ${name('TokenRealm')} (${id} INTEGER PRIMARY KEY, ${name('token_id')} INTEGER, ${name('realm_id')} INTEGER)`,
    `INSERT INTO ${name('Token')} (${given}) VALUES (1, 'A', true, 70), (2, 'B', false, 71)`,
    `INSERT INTO ${name('Realm')} VALUES (1, 'work'), (2, 'home')`,
    `INSERT INTO ${name('TokenRealm')} VALUES (1, 1, 1), (2, 1, 2)`,
  ];
}

export async function readsLinotp(address: string): Promise<void> {
  const database = await openLinotpDatabase(address);
  try {
    const rows = (await Array.fromAsync(database.tokens())).flat();
    const cell = (row: (typeof rows)[number], column: (typeof LINOTP_COLUMNS)[number]) =>
      row.cells[LINOTP_COLUMNS.indexOf(column)];
    assert.deepEqual(
      rows.map((row) => [
        cell(row, 'LinOtpTokenSerialnumber'),
        /^(?:1|t|true)$/.test(cell(row, 'LinOtpIsactive') ?? ''),
        cell(row, 'LinOtpCount'),
        cell(row, 'LinOtpSeed'),
        row.realms,
      ]),
      [
        ['A', true, '70', null, ['home', 'work']],
        ['B', false, '71', null, []],
      ],
    );
  } finally {
    await database.close();
  }
}
