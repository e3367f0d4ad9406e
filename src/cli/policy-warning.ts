/** After a change: rules that refuse each other. */
import type { Contradiction } from '../core/policy/rules.ts';
import type { Context } from './context.ts';

export function warnOfContradictions({ io, options }: Context, contradictions: readonly Contradiction[]): void {
  if (options.json) return;
  for (const { action, rules } of contradictions)
    io.err(`warning: ${rules.join(' and ')} contradict each other in ${action}: nobody under them is let in`);
}
