/** What both files of nodogsplash come down to: options and rules, each with its place. */
import type { Policy, RuleSetName } from './model.ts';

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Entry extends Place {
  /** Lower case. */
  readonly option: string;
  readonly value: string;
  readonly valueColumn: number;
}

export interface RuleEntry extends Place {
  readonly set: RuleSetName;
  /** What follows FirewallRule. */
  readonly text: string;
}

export interface PolicyEntry extends Place {
  readonly set: RuleSetName;
  readonly policy: Policy;
}

export interface Fault extends Place {
  readonly code: 'PORTAL_SYNTAX' | 'PORTAL_OPTION' | 'PORTAL_VALUE' | 'PORTAL_RULE';
  readonly length: number;
  readonly message: string;
  readonly cure: string;
}

export interface Entries {
  readonly options: Entry[];
  readonly rules: RuleEntry[];
  readonly policies: PolicyEntry[];
  readonly faults: Fault[];
}
