/** Records in the log: one line each, its values as fields that nobody can forge. */
import type { RowCell } from '../../../../core/ser/types.ts';
import type { Log } from '../../../../platform/log.ts';
import { oneLine } from '../one-line.ts';
import type { Extra, Legs } from './extra.ts';
import {
  CALL_ID,
  type CallRecord,
  CODE,
  type Field,
  FROM,
  FROM_TAG,
  INBOUND_URI,
  INBOUND_USER,
  METHOD,
  OUTBOUND_URI,
  REASON,
  TO,
  TO_TAG,
  USER,
} from './record.ts';

const OPENSER: readonly Extra[] = [
  { name: 'timestamp', read: ({ time }) => Math.floor(time / 1000) },
  { name: 'method', read: METHOD },
  { name: 'from_tag', read: FROM_TAG },
  { name: 'to_tag', read: TO_TAG },
  { name: 'call_id', read: CALL_ID },
  { name: 'code', read: CODE },
  { name: 'reason', read: REASON },
];

/** By SER's letters. */
const LETTERS: ReadonlyMap<string, readonly [name: string, read: Field]> = new Map([
  ['c', ['call_id', CALL_ID]],
  ['d', ['totag', TO_TAG]],
  ['f', ['from', FROM]],
  ['i', ['i-uri', INBOUND_URI]],
  ['m', ['method', METHOD]],
  ['o', ['o-uri', OUTBOUND_URI]],
  ['p', ['username', INBOUND_USER]],
  ['r', ['fromtag', FROM_TAG]],
  ['s', ['code', CODE]],
  ['t', ['to', TO]],
  ['u', ['user', USER]],
]);

export interface LineOptions {
  readonly log: Log;
  /** As the originals count. */
  readonly level: number;
  readonly format: string | undefined;
  readonly extra: readonly Extra[];
  readonly legs: Legs | undefined;
}

/** Writes the event and its record. */
export function lineWriter({
  log,
  level,
  format,
  extra,
  legs,
}: LineOptions): (what: string, record: CallRecord) => void {
  const fields = [...(format === undefined ? OPENSER : serFields(format)), ...extra];
  const write = level < 0 ? 'error' : level < 2 ? 'warn' : level < 4 ? 'info' : 'debug';
  return (what, record) => {
    const values: Record<string, unknown> = {};
    for (const { name, read } of fields) values[name] = shown(read(record));
    if (legs) {
      const ofLeg = (leg: RowCell[]) => Object.fromEntries(legs.names.map((name, i) => [name, shown(leg[i]!)]));
      values.legs = legs.read(record.run).map(ofLeg);
    }
    log[write](`ACC: ${what}`, values);
  };
}

export function checkFormat(value: string | number): string | undefined {
  const unknown = [...String(value)].find((letter) => !LETTERS.has(letter));
  return unknown === undefined
    ? undefined
    : `must be of the letters ${[...LETTERS.keys()].join('')}, but has "${unknown}"`;
}

function serFields(format: string): Extra[] {
  return [...format].map((letter) => {
    const [name, read] = LETTERS.get(letter)!;
    return { name, read };
  });
}

function shown(value: RowCell): RowCell {
  return typeof value === 'string' ? oneLine(value) : value;
}
