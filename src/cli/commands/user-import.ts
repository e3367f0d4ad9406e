/**
 * `gatehouse user import FILE`: adds many users, in pieces that are each written whole or not at all. Lines that cannot be
 * taken are named and left out; users that are there already are counted and left as they are.
 *
 * Columns: login, password, email, mobile (the last two may be missing), or any order when the first line names them.
 * Errors: FILE_UNREADABLE; IMPORT_LINES at the end when lines were left out.
 */
import { createReadStream } from 'node:fs';
import { type Administration, IMPORT_PIECE } from '../../core/admin/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import type { CsvRecord } from '../csv.ts';
import { csvRecords } from '../csv.ts';
import type { ExitCode } from '../exit-codes.ts';
import { EXIT } from '../exit-codes.ts';
import { printable } from '../io.ts';

interface Row {
  line: number;
  login: string;
  password: string;
  email?: string;
  mobile?: string;
}

interface Columns {
  login: number;
  password: number;
  email: number;
  mobile: number;
}

const USUAL: Columns = { login: 0, password: 1, email: 2, mobile: 3 };
const MAX_NAMED = 100;
/** What the server says of a single user, so that the piece is worth trying line by line. */
const OF_ONE_USER = new Set([
  'BAD_LOGIN',
  'ALIAS_EXISTS',
  'PASSWORD_EMPTY',
  'PASSWORD_TOO_LONG',
  'SER_VALUE_TOO_LONG',
  'MOBILE_INVALID',
  'USER_NO_MOBILE',
  'ARGUMENTS_INVALID',
]);

export async function run(context: Context, file: string, options: { dryRun?: boolean }): Promise<ExitCode> {
  const { io } = context;
  const name = file === '-' ? 'standard input' : file;
  const faults: { line: number; fault: string }[] = [];
  const total = { added: 0, existing: 0, bad: 0, read: 0 };
  const seen = { existing: [] as string[] };

  if (options.dryRun) for await (const piece of pieces()) total.read += piece.length;
  else {
    await withAdministration(context, async (administration) => {
      for await (const piece of pieces()) await add(administration, piece);
    });
  }
  if (io.terminal.error && total.read > 0) io.notice('\r\x1b[K');

  const { added, existing, bad, read } = total;
  const counts = options.dryRun ? { read, bad } : { added, existing, bad };
  answer(context, { import: { ...counts, faults, existingLogins: seen.existing } }, () => {
    const kept =
      existing > 0
        ? `, ${existing} there already (${printable(seen.existing.slice(0, 5).join(', '))}${existing > 5 ? ', …' : ''})`
        : '';
    return options.dryRun ? `${read} lines are good` : `${added} added${kept}`;
  });
  if (bad === 0) return EXIT.ok;
  if (bad > MAX_NAMED) io.err(`${name}: … and ${bad - MAX_NAMED} lines more`);
  io.err(`${bad} ${bad === 1 ? 'line was' : 'lines were'} not taken [IMPORT_LINES]`);
  return EXIT.failed;

  async function add(administration: Administration, piece: readonly Row[]): Promise<void> {
    try {
      const done = await administration.importUsers(piece.map(({ line: _, ...user }) => user));
      total.added += done.added;
      total.existing += done.existing.length;
      if (seen.existing.length < MAX_NAMED) seen.existing.push(...done.existing);
    } catch (error) {
      if (!(error instanceof GatehouseError) || !OF_ONE_USER.has(error.code)) throw withLines(error, piece);
      if (piece.length === 1) return reject(piece[0]!.line, error.message);
      for (const row of piece) await add(administration, [row]);
      return;
    }
    total.read += piece.length;
    if (io.terminal.error) io.notice(`\r${total.read} lines …`);
  }

  async function* pieces(): AsyncGenerator<Row[]> {
    let piece: Row[] = [];
    let columns: Columns | undefined;
    for await (const record of csvRecords(open())) {
      if (columns === undefined) {
        const named = columnsNamed(record.fields);
        columns = named ?? USUAL;
        if (named) continue;
      }
      const row = rowOf(record, columns);
      if (typeof row === 'string') reject(record.line, row);
      else if (piece.push(row) === IMPORT_PIECE) {
        yield piece;
        piece = [];
      }
    }
    if (piece.length > 0) yield piece;
  }

  function open(): AsyncIterable<Uint8Array | string> {
    return file === '-' ? io.input : fileStream(file);
  }

  function reject(line: number, fault: string): void {
    total.bad++;
    if (faults.length >= MAX_NAMED) return;
    faults.push({ line, fault });
    if (!context.options.json) io.err(`${io.terminal.error ? '\r\x1b[K' : ''}${name}:${line}: ${fault}`);
  }

  function withLines(error: unknown, piece: readonly Row[]): unknown {
    const done = `lines before ${name}:${piece[0]!.line} are done; run it again to go on, what is there already is left alone`;
    if (!(error instanceof GatehouseError)) return error;
    return new GatehouseError(error.code, error.message, {
      where: `${name}:${piece[0]!.line}`,
      hint: done,
      cause: error,
    });
  }
}

async function* fileStream(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : String(code ?? cause);
    throw new GatehouseError('FILE_UNREADABLE', why, { where: file, cause });
  }
}

/** The places of the columns when the record names them. */
function columnsNamed(fields: readonly string[]): Columns | undefined {
  const names = fields.map((field) => field.trim().toLowerCase());
  const login = names.findIndex((name) => name === 'login' || name === 'username' || name === 'user');
  const password = names.indexOf('password');
  return login < 0 || password < 0
    ? undefined
    : { login, password, email: names.indexOf('email'), mobile: names.indexOf('mobile') };
}

/** The row, or what is wrong with it; the password is never part of that. */
function rowOf({ line, fields, fault }: CsvRecord, columns: Columns): Row | string {
  if (fault !== undefined) return fault;
  const login = fields[columns.login]?.trim();
  const password = fields[columns.password];
  if (!login) return 'the login is missing';
  if (!password) return 'the password is missing';
  if (fields.length > 4 && columns === USUAL)
    return `${fields.length} fields where login,password,email,mobile are expected`;
  const email = fields[columns.email]?.trim();
  const mobile = fields[columns.mobile]?.trim();
  return { line, login, password, ...(email ? { email } : {}), ...(mobile ? { mobile } : {}) };
}
