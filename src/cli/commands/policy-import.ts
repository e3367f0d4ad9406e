/** `gatehouse policy import FILE` */

import { parsePolicyFile } from '../../core/policy/policy-file.ts';
import type { Context } from '../context.ts';
import { answer, withAdministration } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { warnOfPolicies } from '../policy-warning.ts';
import { readText } from '../read-text.ts';

export async function run(context: Context, file: string): Promise<0> {
  const policies = parsePolicyFile(await readText(context.io, file, 'utf8'), file === '-' ? 'standard input' : file);
  const { contradictions, notices } = await withAdministration(context, (administration) =>
    administration.setPolicies(policies),
  );
  answer(context, { policies, contradictions, notices }, () => `${policies.length} set`);
  warnOfPolicies(context, { contradictions, notices });
  return EXIT.ok;
}
