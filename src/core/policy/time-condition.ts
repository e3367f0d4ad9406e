/**
 * `time` of a rule: moments as `minute hour day month weekday year`, six fields as in crontab, `;` between several, and with `-` or `!`
 * before one what is excluded. A field is `*`, a number, `from-to`, either with `/step`, or a comma list of these; all six must hold.
 * Weekdays count from Sunday, 0. The time is that of the server's zone. Errors: POLICY_INVALID.
 *
 *     * 7-18 * * 1-5 *              working hours
 *     * * * * * * ; !* * 24-26 12 * *    always but at Christmas
 */
import { type Condition, compileCondition, invalidCondition, NOT, PATTERN } from './condition.ts';

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  of(date: Date): number;
}

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59, of: (date) => date.getMinutes() },
  { name: 'hour', least: 0, most: 23, of: (date) => date.getHours() },
  { name: 'day', least: 1, most: 31, of: (date) => date.getDate() },
  { name: 'month', least: 1, most: 12, of: (date) => date.getMonth() + 1 },
  { name: 'weekday', least: 0, most: 6, of: (date) => date.getDay() },
  { name: 'year', least: 1970, most: 2200, of: (date) => date.getFullYear() },
];

export function compileTimeCondition(text: string): Condition<Date> {
  return compileCondition('time', text, ';', (item) => {
    const texts = item.split(/\s+/);
    if (texts.length !== FIELDS.length) {
      throw invalidCondition(
        'time',
        `${JSON.stringify(item)} has ${texts.length} fields and not ${FIELDS.length}`,
        `write ${FIELDS.map(({ name }) => name).join(' ')}, e.g. * 7-18 * * 1-5 *`,
      );
    }
    const tests = FIELDS.map((field, i) => ({ field, values: valuesOf(field, texts[i]!) }));
    return { grade: (date) => (tests.every(({ field, values }) => values.has(field.of(date))) ? PATTERN : NOT) };
  });
}

function valuesOf(field: Field, text: string): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const found = /^(?:\*|([0-9]+)(?:-([0-9]+))?)(?:\/([0-9]+))?$/.exec(part);
    const first = Number(found?.[1] ?? field.least);
    const last =
      found?.[1] === undefined ? field.most : Number(found[2] ?? (found[3] === undefined ? first : field.most));
    const step = Number(found?.[3] ?? 1);
    if (!found || first < field.least || last > field.most || first > last || step < 1) {
      throw invalidCondition(
        'time',
        `${JSON.stringify(part)} is no ${field.name}`,
        `${field.name}s are ${field.least} to ${field.most}, *, from-to, or */step${field.name === 'weekday' ? '; Sunday is 0' : ''}`,
      );
    }
    for (let value = first; value <= last; value += step) values.add(value);
  }
  return values;
}
