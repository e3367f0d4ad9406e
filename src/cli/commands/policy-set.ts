/** `gatehouse policy set NAME --scope DOOR --action LIST …` */
import { isLinotpScope } from '../../core/policy/linotp/actions.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { warnOfPolicies } from '../policy-warning.ts';

interface Options {
  scope: string;
  action: string;
  user: string;
  realm: string;
  client: string;
  time: string;
  inactive?: boolean;
}

export async function run(context: Context, name: string, { inactive = false, ...fields }: Options): Promise<0> {
  // LinOTP takes an empty condition for nobody: who leaves it out on a command line means all.
  const { scope, action, time } = fields;
  const all = isLinotpScope(scope) ? '*' : '';
  const [user, realm, client] = [fields.user || all, fields.realm || all, fields.client || all];
  const policy = { name, scope, action, user, realm, client, time, active: !inactive };
  const { contradictions, notices } = await withAdministration(context, (administration) =>
    administration.setPolicies([policy]),
  );
  answer(context, { policy, contradictions, notices }, () => `set ${name}`);
  warnOfPolicies(context, { contradictions, notices });
  return EXIT.ok;
}
