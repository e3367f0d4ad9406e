/**
 * `time` of LinOTP's policies: `minute hour day month weekday year`, `;` between several. A field is `*`, a number, `from-to`, or a comma list of
 * these; a step stands behind `*` only, and counts from 0 in each field: a step of 2 gives the even days. What LinOTP cannot read in a field, and
 * a weekday 7, never holds. `*` alone is always, and holds before exclusions are looked at. Errors: POLICY_INVALID.
 */
import { EXACT, invalidCondition, itemsOf, NOT } from '../condition.ts';
import type { Grading } from './conditions.ts';

const FIELDS: readonly ((date: Date) => number)[] = [
  (date) => date.getMinutes(),
  (date) => date.getHours(),
  (date) => date.getDate(),
  (date) => date.getMonth() + 1,
  (date) => date.getDay(),
  (date) => date.getFullYear(),
];

/** An empty text is always, too. */
export function compileTime(text: string): Grading {
  const items = itemsOf('time', text, ';');
  if (items.length === 0 || items.some(({ bare, excluded }) => bare === '*' && !excluded)) return () => EXACT;
  const moments = items.map(({ bare, excluded }) => ({ fields: momentOf(bare), excluded }));
  return ({ time }) => {
    let holds = false;
    for (const { fields, excluded } of moments) {
      if (!fields.every((holdsIn, i) => holdsIn(FIELDS[i]!(time)))) continue;
      if (excluded) return NOT;
      holds = true;
    }
    return holds ? EXACT : NOT;
  };
}

function momentOf(item: string): ((value: number) => boolean)[] {
  const texts = item.split(/\s+/);
  if (texts.length === FIELDS.length) return texts.map(fieldTest);
  throw invalidCondition(
    'time',
    `${JSON.stringify(item)} has ${texts.length} fields and not ${FIELDS.length}`,
    'write minute hour day month weekday year, e.g. * 7-18 * * 1-5 *',
  );
}

function fieldTest(text: string): (value: number) => boolean {
  const tests = text.split(',').map((part): ((value: number) => boolean) => {
    if (part === '*') return () => true;
    const [, from, to, step] = /^(?:([0-9]+)(?:-([0-9]+))?|\*\/([1-9][0-9]*))$/.exec(part) ?? [];
    if (step !== undefined) return (value) => value % Number(step) === 0;
    if (from === undefined) return () => false;
    return (value) => value >= Number(from) && value <= Number(to ?? from);
  });
  return (value) => tests.some((holds) => holds(value));
}
