/**
 * The actions of a rule as LinOTP writes them: `allow, session_seconds=3600, !remember, text='Hello, you'`.
 *
 * A comma list; `name` alone is true, `!name` false, `name=false` (any case) false; quotes protect commas and equals signs, and are not
 * part of the value. A name may come again with the same value only. Errors: POLICY_INVALID.
 */
import { GatehouseError } from '../../platform/errors.ts';

export type ActionValue = string | boolean;

/** `strict`: names have to be such as doors have them; LinOTP takes any, and `*`. */
export function parseActions(text: string, strict = true): ReadonlyMap<string, ActionValue> {
  const actions = new Map<string, ActionValue>();
  for (const part of partsOf(text)) {
    const { name, value } = actionOf(part);
    const isName = strict ? /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) : name !== '';
    if (!isName) throw invalid(`${JSON.stringify(name)} is no name of an action`);
    const before = actions.get(name);
    if (before !== undefined && before !== value)
      throw invalid(`the action ${name} stands there twice, with different values`);
    actions.set(name, value);
  }
  return actions;
}

/** Of a switch: true, false, or a whole number as LinOTP takes it. Undefined: it is neither. */
export function asSwitch(value: ActionValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (/^true$/i.test(value)) return true;
  if (value === '0' || value === '-1') return false;
  return /^[0-9]+$/.test(value) ? true : undefined;
}

interface Part {
  readonly name: string;
  /** Undefined: there is no equals sign. */
  readonly value: string | undefined;
}

function actionOf({ name: written, value }: Part): { name: string; value: ActionValue } {
  const denied = written.startsWith('!');
  const name = (denied ? written.slice(1) : written).trim();
  if (denied && value !== undefined) throw invalid(`!${name} has a value, too: which of both?`);
  if (value === undefined) return { name, value: !denied };
  return { name, value: value.toLowerCase() === 'false' ? false : value };
}

/** Splits at the commas and, within a part, at the first equals sign outside of quotes. */
function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let name: string | undefined;
  let word = '';
  let quote = '';
  let quoted = false;
  const end = () => {
    if (!quoted) word = word.trim();
    if (name !== undefined) parts.push({ name, value: word });
    else if (word !== '') parts.push({ name: word, value: undefined });
    name = undefined;
    word = '';
    quoted = false;
  };
  for (const char of text) {
    if (quote !== '') {
      if (char === quote) quote = '';
      else word += char;
    } else if ((char === "'" || char === '"') && (quoted || word.trim() === '')) {
      quote = char;
      quoted = true;
      word = '';
    } else if (char === "'" || char === '"') throw invalid(`a quotation mark stands in the middle of ${word.trim()}`);
    else if (char === ',') end();
    else if (char === '=' && name === undefined) {
      name = word.trim();
      word = '';
      quoted = false;
    } else if (!quoted) word += char;
    else if (char.trim() !== '') throw invalid(`text stands after a closing quotation mark: ${char}`);
  }
  if (quote !== '') throw invalid(`the quotation mark ${quote} is not closed`);
  end();
  return parts;
}

function invalid(why: string): GatehouseError {
  return new GatehouseError('POLICY_INVALID', `action: ${why}`, {
    hint: "write NAME, !NAME or NAME=VALUE with commas between them, and quotes around a VALUE with commas: text='a, b'",
  });
}
