/** `gatehouse token show SERIAL` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context, serial: string): Promise<0> {
  const token = await readingAdministration(context, (administration) => administration.showToken(serial));
  answer(context, { token }, () => {
    const { owner, realms, created, lastMatch, lastSuccess, validFrom, validUntil, sentUntil, ...rest } = token;
    const times = { created, lastMatch, lastSuccess, validFrom, validUntil, sentUntil };
    const lines = [
      ...Object.entries(rest),
      ['owner', owner ? `${owner.login} (${owner.source})` : ''],
      ['realms', realms.join(', ')],
      ...Object.entries(times).map(([name, time]) => [name, time === 0 ? '' : new Date(time).toISOString()]),
    ];
    return lines
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n');
  });
  return EXIT.ok;
}
