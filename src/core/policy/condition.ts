/**
 * What conditions of a rule have in common: a list of items, some of which exclude (`-item` or `!item`), and a grade of how exactly one of
 * them names what is asked for. An excluded one is never matched, wherever in the list the exclusion stands.
 *
 * Errors: POLICY_INVALID.
 */
import { GatehouseError } from '../../platform/errors.ts';

/** How exactly: 3 by name, 2 by a pattern, 1 because all are meant, 0 not at all. More exact rules go before others. */
export type Grade = 0 | 1 | 2 | 3;
export const [NOT, ANY, PATTERN, EXACT] = [0, 1, 2, 3] as const;

export interface Condition<What> {
  grade(what: What): Grade;
}

const EVERYTHING: Condition<unknown> = { grade: () => ANY };
/** Of a condition's text and of its items. */
const MAX_ITEMS = 1000;

/** `field` names it in errors. An empty text means all; so does `*`. */
export function compileCondition<What>(
  field: string,
  text: string,
  separator: ',' | ';',
  item: (text: string) => Condition<What>,
): Condition<What> {
  const items = itemsOf(field, text, separator);
  if (items.length === 0) return EVERYTHING;
  const wanted: Condition<What>[] = [];
  const excluded: Condition<What>[] = [];
  for (const one of items) {
    const compiled = one.bare === '*' ? EVERYTHING : item(one.bare);
    (one.excluded ? excluded : wanted).push(compiled);
  }
  if (wanted.length === 0)
    throw invalidCondition(field, 'it only excludes', `begin with *: *${separator} ${text.trim()}`);
  return {
    grade(what) {
      let best: Grade = NOT;
      for (const one of wanted) best = Math.max(best, one.grade(what)) as Grade;
      if (best !== NOT) for (const one of excluded) if (one.grade(what) !== NOT) return NOT;
      return best;
    },
  };
}

export interface Item {
  /** Without the sign that excludes. */
  readonly bare: string;
  readonly excluded: boolean;
}

export function itemsOf(field: string, text: string, separator: ',' | ';'): Item[] {
  const texts = text
    .split(separator)
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (texts.length > MAX_ITEMS) throw invalidCondition(field, `it has over ${MAX_ITEMS} items`);
  return texts.map((one) => {
    const bare = one.replace(/^[-!]\s*/, '');
    if (bare === '') throw invalidCondition(field, `${JSON.stringify(one)} excludes nothing`);
    return { bare, excluded: bare !== one };
  });
}

export function invalidCondition(field: string, why: string, hint?: string): GatehouseError {
  return new GatehouseError('POLICY_INVALID', `${field}: ${why}`, hint === undefined ? {} : { hint });
}
