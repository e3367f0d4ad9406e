/**
 * Values of a script while it runs, and what a pseudo-variable is: found by its name when the script is read, then a getter (and
 * perhaps a setter) that is called for each message.
 */
import type { Run } from '../../run.ts';
import type { ScriptHost } from '../host.ts';

/** undefined is NULL: the message has no such thing. Texts are latin1, one character per byte. */
export type Value = string | number | undefined;

export type Getter = (run: Run) => Value;

export interface Variable {
  read(run: Run): Value;
  /** Gives whether it could be set. Absent: it cannot be assigned to. `push`: `=`, which adds to an AVP; else `:=`. */
  write?(run: Run, value: Value, push: boolean): boolean;
  /** A number that may be compared with a text, too, such as a status or a port. */
  readonly dual: boolean;
}

/** What the names of variables mean in one script. */
export interface ValueScope {
  readonly host: ScriptHost;
  /** Names of AVPs by alias, as `avp_aliases` sets them. */
  readonly aliases: ReadonlyMap<string, string>;
  /** The place of a `$var(name)` among a run's variables; the same for the same name. */
  slotOf(name: string): number;
}

/** Looks a variable up by class and what stands between its brackets; a string is a complaint. */
export type Family = (
  name: VariableName,
  scope: ValueScope,
  inner: (text: string) => Variable | string,
) => Variable | string | undefined;

export interface VariableName {
  /** `ru`, `avp`, `hdr`, `err.class`. */
  readonly class: string;
  /** Between the brackets; undefined: none. */
  readonly inner: string | undefined;
  /** `[n]`, `[*]`; undefined: none. */
  readonly index: number | '*' | undefined;
  readonly transformations: readonly string[];
}

/** The longest text an expression may make: what a datagram can hold. */
export const LONGEST_TEXT = 65_535;

export function readOnly(read: Getter, dual = false): Variable {
  return { read, dual };
}

/** As the script prints it. */
export function textOf(value: Value): string {
  return value === undefined ? '<null>' : typeof value === 'string' ? value : String(value);
}

/** 32 bits, as the originals count. */
export function wholeNumber(value: number): number {
  return value | 0;
}
