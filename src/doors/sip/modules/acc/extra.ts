/** Further fields of a record, `name=$variable;name=$variable`: log_extra, db_extra, and for each leg of a call multi_leg_info. */
import type { RowCell } from '../../../../core/ser/types.ts';
import type { Run } from '../../run.ts';
import type { ScriptUses } from '../../script/types.ts';
import { parseName } from '../../script/values/name.ts';
import { isKnownName } from '../../script/values/variables.ts';
import { avpText, isVariable, sqlName } from '../value-checks.ts';
import { bounded, type Field } from './record.ts';

const MOST = 32;
const MOST_LEGS = 32;

export interface Extra {
  readonly name: string;
  readonly read: Field;
}

export interface Legs {
  readonly names: readonly string[];
  /** A list of values for each leg, one leg at least. */
  read(run: Run): RowCell[][];
}

export function bindExtra(text: string | number | null | undefined, uses: ScriptUses): Extra[] {
  return pairsOf(text).map(([name, written]) => {
    const variable = uses.variable(written);
    return { name, read: ({ run }) => cellOf(variable?.read(run)) };
  });
}

/** The values of an AVP are those of the legs, the first first. */
export function bindLegs(text: string | number | null | undefined, uses: ScriptUses): Legs | undefined {
  const pairs = pairsOf(text);
  if (pairs.length === 0) return undefined;
  const avps = pairs.map(([, written]) => uses.avpName(written));
  return {
    names: pairs.map(([name]) => name),
    read(run) {
      const values = avps.map((name) => (name === undefined ? [] : (run.avps?.all(name) ?? [])));
      const count = Math.max(1, ...values.map(({ length }) => length));
      return Array.from({ length: Math.min(count, MOST_LEGS) }, (_, leg) => values.map((all) => cellOf(all[leg])));
    },
  };
}

export function checkExtra(value: string | number): string | undefined {
  return checkPairs(value, (written) => {
    const name = isVariable(written) ? parseName(written) : '';
    return typeof name !== 'string' && isKnownName(name.class) ? undefined : 'a variable such as $hdr(User-Agent)';
  });
}

export function checkLegs(value: string | number): string | undefined {
  return checkPairs(value, (written) => (avpText(written) ? undefined : 'an AVP such as $avp(s:leg)'));
}

function checkPairs(value: string | number, lacks: (written: string) => string | undefined): string | undefined {
  const pairs = pairsOf(value);
  if (pairs.length > MOST) return `names ${pairs.length} fields, of which there can be ${MOST}`;
  for (const [name, written] of pairs) {
    if (sqlName(name)) return `must look like "name=$variable;name=$variable", but has "${name}" for a name`;
    const lack = lacks(written);
    if (lack) return `must have ${lack} behind "${name}=", but has "${written}"`;
  }
  return undefined;
}

function pairsOf(text: string | number | null | undefined): [name: string, written: string][] {
  return String(text ?? '')
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [part.trim(), ''] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    });
}

function cellOf(value: string | number | undefined): RowCell {
  return typeof value === 'string' ? bounded(value) : (value ?? null);
}
