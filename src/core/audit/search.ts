/**
 * Looks through the audit trail from its end, newest line first, and says of each whether it is as it was written. Bounded: a search
 * gives up after MAX_SCANNED lines and tells so. Errors: AUDIT_BROKEN (the directory or a file cannot be read).
 */
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import { CHAIN_START, ChainReader, segmentName, segmentNumber } from './chain.ts';

const MAX_SCANNED = 100_000;
const CHUNK = 64 * 1024;
/** No line of ours is as long. */
const MAX_LINE = 1_000_000;
const NEWLINE = 10;

export type AuditFieldsFound = Readonly<Record<string, string | number | boolean>>;

export interface AuditEntry {
  /** Its number in the trail. */
  readonly sequence: number;
  /** `time`, `event` and the fields of the event; empty for a line that is damaged. */
  readonly fields: AuditFieldsFound;
  /** Neither it nor the one before it was changed, and none is missing between. */
  readonly genuine: boolean;
}

export interface AuditQuery {
  readonly matches: (fields: AuditFieldsFound) => boolean;
  /** Of the entries that match, newest first. */
  readonly skip: number;
  readonly limit: number;
}

export interface AuditFound {
  readonly entries: readonly AuditEntry[];
  /** That match, as far as was looked. */
  readonly total: number;
  /** The trail goes on beyond where was looked. */
  readonly more: boolean;
}

export async function searchTrail(directory: string, key: Buffer, query: AuditQuery): Promise<AuditFound> {
  try {
    return await search(directory, key, query);
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new GatehouseError('AUDIT_BROKEN', `the audit trail cannot be read: ${String(cause.code)}`, {
      where: directory,
      cause,
    });
  }
}

async function search(directory: string, key: Buffer, { matches, skip, limit }: AuditQuery): Promise<AuditFound> {
  const entries: AuditEntry[] = [];
  let total = 0;
  let scanned = 0;
  /** Each is judged by the one before it, which comes next. */
  let waiting: string | undefined;
  const judge = (line: string, before: string | undefined) => {
    const fields = fieldsOf(line);
    if (!matches(fields)) return;
    total++;
    if (total <= skip || entries.length === limit) return;
    const { seq, mac: _, ...shown } = fields;
    entries.push({ sequence: Number(seq ?? 0), fields: shown, genuine: follows(key, line, before) });
  };
  for await (const line of linesBackwards(directory)) {
    if (waiting !== undefined) {
      judge(waiting, line);
      if (++scanned === MAX_SCANNED) return { entries, total, more: true };
    }
    waiting = line;
  }
  if (waiting !== undefined) judge(waiting, undefined);
  return { entries, total, more: false };
}

/** `before` undefined: it is the first of the trail. */
function follows(key: Buffer, line: string, before: string | undefined): boolean {
  const reader = new ChainReader(key, CHAIN_START);
  if (before !== undefined) reader.follow(before);
  return reader.next(line) === undefined;
}

function fieldsOf(line: string): AuditFieldsFound {
  try {
    const fields: unknown = JSON.parse(line);
    return typeof fields === 'object' && fields !== null ? (fields as AuditFieldsFound) : {};
  } catch {
    return {};
  }
}

async function* linesBackwards(directory: string): AsyncGenerator<string> {
  const numbers = (await readdir(directory)).map(segmentNumber).filter((number) => number !== undefined);
  for (const number of numbers.sort((a, b) => b - a)) {
    const file = await open(join(directory, segmentName(number)));
    try {
      yield* linesOf(file);
    } finally {
      await file.close();
    }
  }
}

/** What stands behind the last newline is not written yet, or cut off. */
async function* linesOf(file: FileHandle): AsyncGenerator<string> {
  let at = (await file.stat()).size;
  let rest = Buffer.alloc(0);
  let isWhole = false;
  while (at > 0) {
    const length = Math.min(CHUNK, at);
    at -= length;
    const chunk = Buffer.alloc(length);
    await file.read(chunk, 0, length, at);
    rest = Buffer.concat([chunk, rest]);
    for (let end = rest.lastIndexOf(NEWLINE); end >= 0; end = rest.lastIndexOf(NEWLINE)) {
      if (isWhole) yield rest.toString('utf8', end + 1);
      isWhole = true;
      rest = rest.subarray(0, end);
    }
    if (rest.length > MAX_LINE) rest = rest.subarray(0, 0);
  }
  if (isWhole) yield rest.toString('utf8');
}
