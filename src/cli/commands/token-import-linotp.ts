/**
 * `gatehouse token import-linotp DATABASE ENCKEY`: takes the tokens of a LinOTP database. What cannot be taken is named and left out; tokens
 * that are here already are counted and left as they are, since their counters may have gone ahead: it can be run again.
 *
 * Errors: FILE_UNREADABLE, LINOTP_DATABASE, LINOTP_KEY; IMPORT_TOKENS at the end when tokens were left out.
 */
import type { Administration } from '../../core/admin/types.ts';
import { EncKey } from '../../core/linotp/enc-key.ts';
import { type LinotpRow, serialOf, tokenOfLinotp } from '../../core/linotp/tokens.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { printable } from '../io.ts';
import { readText } from '../read-text.ts';

interface Options {
  resolver?: string[];
  dryRun?: boolean;
}

/** Without these nothing more can be taken. */
const OF_ALL = new Set(['STORAGE_UNAVAILABLE', 'STORAGE_BUSY', 'SERVER_NOT_RUNNING', 'RESOLVER_UNAVAILABLE']);

export async function run(context: Context, database: string, keyFile: string, options: Options): Promise<ExitCode> {
  const { io } = context;
  const resolvers = resolversOf(options.resolver ?? []);
  const key = new EncKey(Buffer.from(await readText(io, keyFile, 'latin1'), 'latin1'));
  const address = database === '-' ? (await readText(io, '-', 'utf8')).trim() : database;
  const { openLinotpDatabase } = await context.parts();
  const source = await openLinotpDatabase(address);
  const count = { read: 0, added: 0, existing: 0 };
  const faults: { serial: string; fault: string }[] = [];
  try {
    if (options.dryRun) await takeAll(undefined);
    else await withAdministration(context, takeAll);
  } finally {
    await source.close();
  }
  answer(context, { import: { ...count, faults } }, () =>
    options.dryRun
      ? `${count.read - faults.length} of ${count.read} tokens can be taken`
      : `${count.added} added${count.existing > 0 ? `, ${count.existing} there already` : ''}`,
  );
  if (faults.length === 0) return EXIT.ok;
  for (const { serial, fault } of faults) io.err(printable(`${serial}: ${fault}`));
  io.err(`${faults.length} ${faults.length === 1 ? 'token was' : 'tokens were'} not taken [IMPORT_TOKENS]`);
  return EXIT.failed;

  async function takeAll(administration: Administration | undefined): Promise<void> {
    for await (const page of source.tokens()) for (const row of page) await take(row, administration);
  }

  async function take(row: LinotpRow, administration: Administration | undefined): Promise<void> {
    count.read++;
    try {
      const token = tokenOfLinotp(row, key, resolvers);
      if (administration) count[await administration.importToken(token)]++;
    } catch (error) {
      if (!(error instanceof GatehouseError) || OF_ALL.has(error.code)) throw error;
      faults.push({ serial: serialOf(row), fault: `${error.message} [${error.code}]` });
    }
  }
}

function resolversOf(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [old = '', now = '', ...more] = pair.split('=');
      if (old !== '' && now !== '' && more.length === 0) return [old, now];
      throw new GatehouseError('COMMAND_LINE', '--resolver is OLD=NEW', { hint: 'e.g. --resolver myDefRes=staff' });
    }),
  );
}
