/** The hooks of gatehouse.yaml, ready to be asked. Programs have a helper of their own, so that they never keep one from the firewall or from SMS. */

import type { HealthItem } from '../core/doors/types.ts';
import type { HookConfig } from '../core/hooks/config.ts';
import { HookSet } from '../core/hooks/hook-set.ts';
import { type Hooks, noHooks } from '../core/hooks/hooks.ts';
import { programHook } from '../core/hooks/program.ts';
import { toldJournal } from '../core/hooks/told-journal.ts';
import { webhook } from '../core/hooks/webhook.ts';
import type { Journal } from '../core/journal/types.ts';
import type { Clock } from '../platform/clock.ts';
import { describeError, GatehouseError } from '../platform/errors.ts';
import { openHelper } from '../platform/helper/helper.ts';
import type { Log } from '../platform/log.ts';
import type { Metrics } from '../platform/metrics.ts';

export interface OpenHooks {
  readonly hooks: Hooks;
  /** What goes through it is told to hooks. */
  readonly journal: Journal;
  health(): HealthItem[];
  close(withinMs: number): Promise<void>;
}

export interface HooksParts {
  readonly config: readonly HookConfig[];
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Errors: HOOK_INVALID, a file of certificates cannot be read. */
export function openHooks({ config, journal, clock, log, metrics }: HooksParts): OpenHooks {
  if (config.length === 0) return { hooks: noHooks, journal, health: () => [], close: async () => {} };
  const helper = openHelper();
  const hooks = config.map((one) => ({ config: one, hook: openHook(one) }));
  const set = new HookSet({ hooks, clock, log });
  set.offerMetrics(metrics);
  return {
    hooks: set,
    journal: toldJournal(journal, (event) => set.tell(event)),
    health: () => set.health(),
    async close(withinMs) {
      await set.close(withinMs);
      await helper.close();
    },
  };

  function openHook({ name, program, url = '', secret = '', ca_file: caFile }: HookConfig) {
    if (program !== undefined) return programHook(program, helper);
    try {
      return webhook({ url, secret, caFile, clock });
    } catch (error) {
      throw new GatehouseError('HOOK_INVALID', `${name}: ${describeError(error)}`, {
        hint: 'ca_file is a file of certificates in PEM',
        cause: error,
      });
    }
  }
}
