/** `gatehouse status` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { spanText, table } from '../table.ts';

export async function run(context: Context): Promise<0> {
  const status = await readingAdministration(context, (administration) => administration.status());
  answer(context, { status }, () => {
    const since = spanText(Date.now() - Date.parse(status.startedAt));
    const head = `gatehouse ${status.version}, process ${status.pid}, up for ${since}`;
    const rows = status.health.map((item) => [item.severity, item.code, item.since ?? '', item.text]);
    return rows.length === 0
      ? `${head}\nall is well`
      : `${head}\n${table(context.io, ['', 'CODE', 'SINCE', 'WHAT'], rows)}`;
  });
  return EXIT.ok;
}
