/** `gatehouse token list [SERIAL]` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  user?: string;
  realm?: string;
  page: string;
  limit: string;
}

export async function run(context: Context, serial: string | undefined, options: Options): Promise<0> {
  const { user, realm } = options;
  const query = {
    ...(serial === undefined ? {} : { serial }),
    ...(user === undefined ? {} : { user }),
    ...(realm === undefined ? {} : { realm }),
    page: wholeNumber('--page', options.page, 1, 1_000_000),
    pageSize: wholeNumber('--limit', options.limit, 1, 10_000),
  };
  const found = await readingAdministration(context, (administration) => administration.listTokens(query));
  answer(context, { ...found }, () => {
    if (found.total === 0) return 'no tokens; see gatehouse token enroll --help';
    const rows = found.tokens.map(({ serial, type, owner, active, failCount, maxFailCount, description }) => [
      serial,
      type,
      owner?.login ?? '-',
      active ? (failCount >= maxFailCount ? 'locked' : 'on') : 'off',
      String(failCount),
      description,
    ]);
    const pages = found.pages > 1 ? `\npage ${found.page} of ${found.pages}, ${found.total} tokens` : '';
    return table(context.io, ['SERIAL', 'TYPE', 'OWNER', 'STATE', 'FAILED', ''], rows) + pages;
  });
  return EXIT.ok;
}
