/**
 * A file that allows and one that denies, asked together: allowed is what the first matches, denied what only the second
 * matches, and all else is allowed. Of several pairs of URIs all must match the first, or none the second.
 */
import { join } from 'node:path';
import { type RuleFile, readRuleFile } from './rule-file.ts';

export class RulePair {
  readonly #paths: readonly [allow: string, deny: string];
  #allow: RuleFile | undefined;
  #deny: RuleFile | undefined;

  constructor(allow: string, deny: string) {
    this.#paths = [allow, deny];
  }

  /** Errors: SIP_PERMISSIONS. */
  read(): void {
    const [allow, deny] = this.#paths;
    this.#allow = readRuleFile(allow);
    this.#deny = readRuleFile(deny);
  }

  allows(left: string, rights: readonly string[]): boolean {
    const allow = this.#allow!;
    const deny = this.#deny!;
    return rights.every((right) => allow.matches(left, right)) || !rights.some((right) => deny.matches(left, right));
  }
}

/** The pairs that a script names; relative paths start at its folder. */
export class RulePairs {
  readonly #folder: string;
  readonly #suffixes: readonly [allow: string, deny: string];
  readonly #pairs = new Map<string, RulePair>();

  constructor(folder: string, suffixes: readonly [allow: string, deny: string]) {
    this.#folder = folder;
    this.#suffixes = suffixes;
  }

  named(basename: string): RulePair {
    const [allow, deny] = this.#suffixes;
    return this.of(basename + allow, basename + deny);
  }

  of(allow: string, deny: string): RulePair {
    const key = `${allow}\n${deny}`;
    const pair = this.#pairs.get(key) ?? new RulePair(this.#path(allow), this.#path(deny));
    this.#pairs.set(key, pair);
    return pair;
  }

  read(): void {
    for (const pair of this.#pairs.values()) pair.read();
  }

  #path(name: string): string {
    return name.startsWith('/') ? name : join(this.#folder, name);
  }
}
