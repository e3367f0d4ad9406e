/** `gatehouse policy export` */

import { policyFileText } from '../../core/policy/policy-file.ts';
import type { Context } from '../context.ts';
import { answer, readingAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export async function run(context: Context): Promise<0> {
  const { policies } = await readingAdministration(context, (administration) => administration.listPolicies());
  answer(context, { policies }, () => policyFileText(policies).trimEnd());
  return EXIT.ok;
}
