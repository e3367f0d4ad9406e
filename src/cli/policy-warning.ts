/** After a change: rules that contradict each other, and what they do that their author may not expect. */
import { contradictionText } from '../core/policy/rules.ts';
import type { Contradiction, PolicyNotice } from '../core/policy/types.ts';
import type { Context } from './context.ts';

interface Findings {
  readonly contradictions: readonly Contradiction[];
  readonly notices: readonly PolicyNotice[];
}

export function warnOfPolicies({ io, options }: Context, { contradictions, notices }: Findings): void {
  if (options.json) return;
  for (const one of contradictions) io.err(`warning: ${contradictionText(one)}`);
  for (const { policy, text } of notices) io.err(`warning: ${policy}: ${text}`);
}
