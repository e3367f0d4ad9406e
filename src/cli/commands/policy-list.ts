/** `gatehouse policy list` */
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { warnOfPolicies } from '../policy-warning.ts';
import { table } from '../table.ts';

export async function run(context: Context): Promise<0> {
  const { policies, contradictions, notices } = await readingAdministration(context, (administration) =>
    administration.listPolicies(),
  );
  answer(context, { policies, contradictions, notices }, () => {
    if (policies.length === 0) return 'no policies: any known, unlocked user may use any door';
    const rows = policies.map(({ name, scope, action, user, realm, client, time, active }) => [
      name,
      scope,
      ...[user, realm, client, time].map((condition) => condition || '*'),
      active ? '' : 'inactive',
      action,
    ]);
    return table(context.io, ['NAME', 'SCOPE', 'USER', 'REALM', 'CLIENT', 'TIME', '', 'ACTION'], rows);
  });
  warnOfPolicies(context, { contradictions, notices });
  return EXIT.ok;
}
