/**
 * What a call costs, by KPPP's rule files (.rst): `on(days)between(from..to)use(cost,seconds[,after])`; of the rules that fit the last one counts.
 *
 * White space means nothing, `#` begins a comment, a `\` at the end of a line continues it. Days: `monday..friday` (also over the end of the week), `m/d`, `d.m`,
 * `easter[+n]`, lists of these. The end of a time is counted in whole: `23:59` reaches to midnight. Costs in the currency of the file, times in
 * seconds. Error: DIAL_TARIFF, all faults of a file with their lines.
 */
import { readFileSync } from 'node:fs';
import { GatehouseError } from '../../../platform/errors.ts';
import { type Problem, ProblemsError } from '../../../platform/problems.ts';

interface Charge {
  readonly cost: number;
  readonly seconds: number;
  /** From this second of the call on. */
  readonly after: number;
}

interface Rule extends Charge {
  readonly fits: (time: Date) => boolean;
}

export interface Tariff {
  readonly name: string;
  readonly currency: string;
  readonly digits: number;
  /** Of a call that began then and took so long. */
  costs(startedMs: number, endedMs: number): number;
}

const WEEK = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
/** A unit is never shorter, so that a call of a day has a bounded number of them. */
const SHORTEST = 0.1;
const DAY_MS = 86_400_000;

export function readTariff(file: string): Tariff {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new GatehouseError('DIAL_TARIFF', (cause as Error).message, { where: file, cause });
  }
  return parseTariff(text, file);
}

export function parseTariff(text: string, file: string): Tariff {
  const problems: Problem[] = [];
  const rules: Rule[] = [];
  const values = new Map<string, string>();
  let fallback: Charge | undefined;
  let flat = { cost: 0, seconds: 0 };
  for (const { line, content } of statements(text)) {
    const fault = take(content);
    if (fault) problems.push({ severity: 'error', code: 'DIAL_TARIFF', file, line, column: 1, message: fault });
  }
  if (!values.has('name') && problems.length === 0)
    problems.push({ severity: 'error', code: 'DIAL_TARIFF', file, line: 0, column: 0, message: 'there is no name=' });
  if (problems.length > 0) throw new ProblemsError('DIAL_TARIFF', problems);
  const number = (key: string) => Number(values.get(key) ?? 0);
  return {
    name: values.get('name')!,
    currency: values.get('currency_symbol') ?? '$',
    digits: Number(values.get('currency_digits') ?? 2),
    costs,
  };

  function take(content: string): string | undefined {
    const [, word = '', value = ''] = /^(\w+)=(.*)$/.exec(content) ?? [];
    const key = word.toLowerCase();
    if (key === 'default' || key === 'flat_init_costs') {
      const charge = chargeOf(value);
      if (charge === undefined) return `${key} wants (cost,seconds), but has ${value}`;
      if (key === 'default') fallback = charge;
      else flat = charge;
      return undefined;
    }
    if (['per_connection', 'minimum_costs', 'currency_digits'].includes(key) && !/^\d+(?:\.\d+)?$/.test(value))
      return `${key} wants a number, but has ${value}`;
    if (
      ['name', 'currency_symbol', 'currency_position', 'per_connection', 'minimum_costs', 'currency_digits'].includes(
        key,
      )
    ) {
      values.set(key, value);
      return undefined;
    }
    const [, days, from, to, use] =
      /^on\((.*?)\)between\((.*?)\.\.(.*?)\)use(\(.*\))$/.exec(content.toLowerCase()) ?? [];
    if (days === undefined) return `this is no rule: ${content.slice(0, 80)}`;
    const charge = chargeOf(use!);
    const fitsTime = timesOf(from!, to!);
    if (charge === undefined) return `use wants (cost,seconds) or (cost,seconds,after), but has ${use}`;
    if (fitsTime === undefined) return `between wants times such as 8:00..18:00, but has ${from}..${to}`;
    const tests: ((day: Date) => boolean)[] = [];
    for (const one of days.split(',')) {
      const fits = daysOf(one);
      if (fits === undefined) return `\`${one}\` is no day`;
      tests.push(fits);
    }
    rules.push({ ...charge, fits: (time) => fitsTime(time) && tests.some((test) => test(time)) });
    return undefined;
  }

  /** Unit by unit: each begins at the tariff of its moment and is paid whole. */
  function costs(startedMs: number, endedMs: number): number {
    let sum = number('per_connection') + flat.cost;
    let at = startedMs + flat.seconds * 1000;
    while (at < endedMs) {
      const charge = chargeAt(at, (at - startedMs) / 1000);
      if (charge === undefined) {
        at += 60_000;
        continue;
      }
      sum += charge.cost;
      at += charge.seconds * 1000;
    }
    return Math.max(sum, number('minimum_costs'));
  }

  function chargeAt(at: number, second: number): Charge | undefined {
    const time = new Date(at);
    return rules.findLast((rule) => rule.after <= second && rule.fits(time)) ?? fallback;
  }
}

function* statements(text: string): Generator<{ line: number; content: string }> {
  let content = '';
  let first = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    if (content === '') first = index + 1;
    content += raw.replace(/#.*/, '').replaceAll(/\s/g, '');
    if (content.endsWith('\\')) content = content.slice(0, -1);
    else if (content !== '') {
      yield { line: first, content };
      content = '';
    }
  }
  if (content !== '') yield { line: first, content };
}

function chargeOf(text: string): Charge | undefined {
  const [, cost, seconds, after = '0'] = /^\((\d+(?:\.\d+)?),(\d+(?:\.\d+)?)(?:,(\d+(?:\.\d+)?))?\)$/.exec(text) ?? [];
  if (cost === undefined || Number(seconds) < SHORTEST) return undefined;
  return { cost: Number(cost), seconds: Number(seconds), after: Number(after) };
}

/** A time that goes over midnight is two. */
function timesOf(from: string, to: string): ((time: Date) => boolean) | undefined {
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (start === undefined || end === undefined) return undefined;
  return (time) => {
    const minute = time.getHours() * 60 + time.getMinutes();
    return start <= end ? start <= minute && minute <= end : minute >= start || minute <= end;
  };
}

function minuteOf(text: string): number | undefined {
  const [, hour, minute] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  return hour !== undefined && Number(hour) < 24 && Number(minute) < 60
    ? Number(hour) * 60 + Number(minute)
    : undefined;
}

function daysOf(text: string): ((day: Date) => boolean) | undefined {
  const [first, last = first] = text.split('..');
  const [from, to] = [WEEK.indexOf(first!), WEEK.indexOf(last!)];
  if (from >= 0 && to >= 0) {
    // Over the end of the week, too: friday..monday.
    return (day) =>
      from <= to ? from <= day.getDay() && day.getDay() <= to : day.getDay() >= from || day.getDay() <= to;
  }
  const [, month, date] = /^(\d{1,2})\/(\d{1,2})$/.exec(text) ?? [];
  const [, date2, month2] = /^(\d{1,2})\.(\d{1,2})\.?$/.exec(text) ?? [];
  const [m, d] = [Number(month ?? month2), Number(date ?? date2)];
  if (m >= 1 && m <= 12 && d >= 1 && d <= 31) return (day) => day.getMonth() + 1 === m && day.getDate() === d;
  const [, offset] = /^easter([+-]\d{1,3})?$/.exec(text) ?? [undefined, undefined];
  if (!text.startsWith('easter') || (text !== 'easter' && offset === undefined)) return undefined;
  return (day) => daysFromEaster(day) === Number(offset ?? 0);
}

function daysFromEaster(day: Date): number {
  const [month, date] = easter(day.getFullYear());
  const noon = (year: number, m: number, d: number) => Date.UTC(year, m, d, 12);
  return Math.round(
    (noon(day.getFullYear(), day.getMonth(), day.getDate()) - noon(day.getFullYear(), month, date)) / DAY_MS,
  );
}

/** Gregorian, after the anonymous algorithm of 1876: month from 0, and day. */
export function easter(year: number): [month: number, day: number] {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const l = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - h - (c % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return [Math.floor(sum / 31) - 1, (sum % 31) + 1];
}
