/** `gatehouse policy set NAME --scope DOOR --action LIST …` */
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { warnOfContradictions } from '../policy-warning.ts';

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
  const policy = { name, ...fields, active: !inactive };
  const { contradictions } = await withAdministration(context, (administration) =>
    administration.setPolicies([policy]),
  );
  answer(context, { policy, contradictions }, () => `set ${name}`);
  warnOfContradictions(context, contradictions);
  return EXIT.ok;
}
