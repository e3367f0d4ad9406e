/** `gatehouse audit list` */
import type { AuditEntry } from '../../core/audit/search.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options {
  readonly door?: string;
  readonly event?: string;
  readonly limit: string;
}

export async function run(context: Context, user: string | undefined, options: Options): Promise<0> {
  const limit = wholeNumber('--limit', options.limit, 1, 1000);
  const question = { ...options, ...(user === undefined ? {} : { user }), limit };
  const found = await readingAdministration(context, (administration) => administration.listAudit(question));
  const entries = found.entries.toReversed();
  answer(context, { entries, total: found.total, more: found.more }, () => {
    if (entries.length === 0) return 'no lines';
    return table(context.io, ['TIME', 'EVENT', 'DOOR', 'USER', 'CLIENT', 'MORE'], entries.map(rowOf));
  });
  return EXIT.ok;
}

function rowOf({ fields: { time, event, door, user, client, ...more }, genuine }: AuditEntry): string[] {
  const rest = Object.entries(more).map(([name, value]) => `${name}=${value}`);
  if (!genuine) rest.push('DAMAGED: see `gatehouse audit verify`');
  const when = typeof time === 'string' ? new Date(time).toLocaleString('sv-SE') : '-';
  return [
    when,
    ...[event, door, user, client].map((field) => (field === undefined ? '-' : String(field))),
    rest.join(' '),
  ];
}
