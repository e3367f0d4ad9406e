/** What avpops does with the AVPs of a request: all at once and in memory. */
import type { Log } from '../../../../platform/log.ts';
import type { Run } from '../../run.ts';
import { addBranch } from '../../script/branch-set.ts';
import type { Call, ScriptUses } from '../../script/types.ts';
import { AvpList, type AvpName } from '../../script/values/avps.ts';
import type { Value } from '../../script/values/types.ts';
import { cutFlags, type ReadValue, valueReader } from './arguments.ts';

export function write(value: string, name: string, uses: ScriptUses): Call {
  const read = valueReader(value, uses);
  const avp = uses.avpName(name)!;
  return (run) => (push(run, avp, read(run)) ? 1 : -1);
}

/** `$avp(x)`, `$avp(x)/g`, or `a`, `i`, `s`: all, those named by number, those named by text. */
export function remove(text: string, uses: ScriptUses): Call {
  const [name, flags] = cutFlags(text);
  const avp = uses.avpName(name);
  const all = /g/i.test(flags);
  if (avp === undefined) {
    const kind = name.toLowerCase();
    return (run) => removeKind(run, kind);
  }
  return ({ avps }) => {
    if (avps?.first(avp) === undefined) return -1;
    if (all) avps.removeAll(avp);
    else avps.removeFirst(avp);
    return 1;
  };
}

function removeKind({ avps }: Run, kind: string): number {
  const names = new Set([...(avps?.entries() ?? [])].map(([name]) => name));
  const gone = [...names].filter((name) => kind === 'a' || name.startsWith(`${kind}:`));
  for (const name of gone) avps!.removeAll(name);
  return gone.length > 0 ? 1 : -1;
}

/** `$ru`, its `/username` or `/domain`, `$du`, `$br`. With `/g` each further value makes a branch. */
export function pushTo(destination: string, text: string, uses: ScriptUses): Call {
  const [place, part] = cutFlags(destination);
  const [name, flags] = cutFlags(text);
  const read = valuesOf(name, /g/i.test(flags), uses);
  if (place === '$br') {
    const branch = uses.variable(place)!.write!;
    return (run) => {
      const added = read(run).filter((value) => value !== undefined && branch(run, String(value), true));
      return added.length > 0 ? 1 : -1;
    };
  }
  const target = uses.variable(part === '' ? place : /^username$/i.test(part) ? '$rU' : '$rd')!;
  const further = target.write!;
  return (run) => {
    const [first, ...others] = read(run);
    if (first === undefined || !further(run, typeof first === 'number' ? String(first) : first, false)) return -1;
    const { uri } = run;
    for (const other of others) {
      if (further(run, String(other), false)) addBranch(run, { ...NOWHERE, uri: run.uri });
      run.uri = uri;
    }
    return 1;
  };
}

const NOWHERE = { destination: undefined, path: undefined };

/** Flags: g all values, d the old ones go, n and s make numbers and texts of them. */
export function copy(from: string, text: string, uses: ScriptUses): Call {
  const [name, flags] = cutFlags(text);
  const old = uses.avpName(from)!;
  const made = uses.avpName(name)!;
  const has = (flag: string) => flags.toLowerCase().includes(flag);
  const [all, moves, toNumber, toText] = [has('g'), has('d'), has('n'), has('s')];
  return (run) => {
    const found = run.avps?.all(old) ?? [];
    const values = all ? found : found.slice(0, 1);
    if (values.length === 0) return -1;
    if (moves) {
      if (all) run.avps!.removeAll(old);
      else run.avps!.removeFirst(old);
    }
    // The last one added comes first, so that the order stays.
    for (const value of values.reverse()) {
      const cast = toNumber ? Number.parseInt(String(value), 10) || 0 : toText ? String(value) : value;
      if (!push(run, made, cast)) return -1;
    }
    return 1;
  };
}

const OPERATIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => Math.imul(a, b),
  div: (a, b) => (b === 0 ? Number.NaN : Math.trunc(a / b)),
  mod: (a, b) => (b === 0 ? Number.NaN : a % b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: (a) => ~a,
};
export const OPERATION_NAMES = Object.keys(OPERATIONS);

/** `source[/target]` and `operator/value[/flags]`: g for all values, d takes the old ones away. */
export function operate(names: string, text: string, uses: ScriptUses): Call {
  const [source, target] = cutFlags(names);
  const [operator, rest] = cutFlags(text);
  const [value, flags] = cutFlags(rest);
  const operation = OPERATIONS[operator.toLowerCase()]!;
  const from = uses.avpName(source)!;
  const to = target === '' ? from : uses.avpName(target)!;
  const read = valueReader(value, uses);
  const all = /g/i.test(flags);
  const replaces = from === to || /d/i.test(flags);
  return (run) => {
    const found = run.avps?.all(from) ?? [];
    const operand = Number(read(run));
    const made = (all ? found : found.slice(0, 1)).map((one) => operation(Number(one), operand));
    if (made.length === 0 || !made.every(Number.isInteger)) return -1;
    if (replaces) {
      if (all) run.avps!.removeAll(from);
      else run.avps!.removeFirst(from);
    }
    for (const one of made.reverse()) if (!push(run, to, one | 0)) return -1;
    return 1;
  };
}

/** Flags: s a text, n a number, e nothing (an empty text or 0). */
export function isSet(text: string, uses: ScriptUses): Call {
  const [name, flags] = cutFlags(text);
  const avp = uses.avpName(name)!;
  const [isText, isNumber, isEmpty] = ['s', 'n', 'e'].map((flag) => flags.toLowerCase().includes(flag));
  return ({ avps }) => {
    const value = avps?.first(avp);
    if (value === undefined) return -1;
    if (isText && typeof value !== 'string') return -1;
    if (isNumber && typeof value !== 'number') return -1;
    return isEmpty && value !== '' && value !== 0 ? -1 : 1;
  };
}

export function print(log: Log): Call {
  return ({ avps }) => {
    for (const [name, value] of avps?.entries() ?? []) log.info(`AVP ${name} = ${value}`);
    return 1;
  };
}

/** The value of a variable, or with `all` those of an AVP, the last one added first. */
export function valuesOf(name: string, all: boolean, uses: ScriptUses): (run: Run) => readonly Value[] {
  const avp = all ? uses.avpName(name) : undefined;
  if (avp !== undefined) return (run) => run.avps?.all(avp) ?? [];
  const read: ReadValue = valueReader(uses.avpName(name) === undefined ? name : asVariable(name), uses);
  return (run) => [read(run)];
}

/** SER's `s:name` as the variable it is. */
function asVariable(name: string): string {
  return name.startsWith('$') ? name : `$avp(${name})`;
}

export function push(run: Run, name: AvpName, value: Value): boolean {
  if (value === undefined) return false;
  run.avps ??= new AvpList();
  return run.avps.push(name, value);
}
