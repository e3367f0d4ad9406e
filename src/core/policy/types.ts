/** Rules as administrators write them, and what comes of weighing them. */

/** LinOTP's fields. */
export interface PolicyRule {
  readonly name: string;
  readonly scope: string;
  readonly action: string;
  /** Conditions; in the scopes of doors an empty one means all. */
  readonly user: string;
  readonly realm: string;
  readonly client: string;
  readonly time: string;
  readonly active: boolean;
}

export type Field = 'user' | 'realm' | 'client' | 'time';
export type Shown = boolean | number | string;

/** What is weighed for one action, most exact rule first, then by name. */
export interface Weighing {
  readonly action: string;
  readonly rules: readonly WeighedRule[];
  /** Undefined: no rule applies, or, in the scope of a door, they contradict each other. */
  readonly value: Shown | undefined;
  readonly contradiction: boolean;
}

export interface WeighedRule {
  readonly name: string;
  readonly value: Shown;
  /** The condition that does not hold, or what goes before it: a more exact rule, or one that counts as much; undefined: it counts. */
  readonly out: Field | 'less exact' | 'later' | undefined;
}

/** Rules that say different things under the same conditions. */
export interface Contradiction {
  readonly scope: string;
  readonly action: string;
  readonly rules: readonly string[];
  /** The one that counts all the same; null: none, and nobody under them is let in. */
  readonly counts: string | null;
}

/** What somebody who wrote a rule may not expect of it. */
export interface PolicyNotice {
  readonly policy: string;
  readonly text: string;
}
