/**
 * Where the chain of the audit trail goes on after a restart: behind its last line, if the lines since the head are the ones
 * that were written; at the head itself where lines are missing, so that the gap stays visible for ever.
 *
 * After a power cut the head can name a line of an earlier segment: the lines since are looked for in as many segments as
 * MAX_HEAD_LAG lines take.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import {
  CHAIN_START,
  ChainReader,
  type ChainState,
  MAX_HEAD_LAG,
  segmentName,
  verifyHead,
} from '../core/audit/chain.ts';

/** What is read of a segment: more than the lines that a head can miss. */
const TAIL_BYTES = 16 * 1024 * 1024;

export interface Remains {
  readonly dir: string;
  readonly key: Buffer;
  /** Number of the last segment. */
  readonly segment: number;
  /** Whole lines at its end. */
  readonly lines: readonly string[];
  /** Empty: there is none yet. */
  readonly headText: string;
  warn(message: string, fields: Record<string, unknown>): void;
}

export interface Recovered {
  readonly state: ChainState;
  /** As it stood on the disk; undefined: none, or none of ours. */
  readonly head: ChainState | undefined;
}

export function recoverChain(remains: Remains): Recovered {
  const { key, headText, segment, warn } = remains;
  const head = headText === '' ? undefined : verifyHead(key, headText);
  if (headText !== '' && !head) warn('the head of the audit trail is not one we signed', {});
  if (head) return { state: behindHead(remains, head), head };
  if (headText === '' && remains.lines.length === 0 && segment === 1) return { state: CHAIN_START, head };
  warn('the audit trail has no valid head, it goes on behind its last line', {});
  return { state: taken(key, remains.lines.at(-1)), head };
}

function behindHead(remains: Remains, head: ChainState): ChainState {
  const { key, warn } = remains;
  const lines = linesBack(remains, head);
  const last = lines.length === 0 ? head : taken(key, lines.at(-1));
  if (last.sequence < head.sequence) {
    warn('lines are missing at the end of the audit trail', { head: head.sequence, last: last.sequence });
  }
  if (last.sequence <= head.sequence) return head;
  const first = lines.findIndex((line) => isNext(line, head));
  if (first < 0) {
    warn('the head of the audit trail is far older than its lines', { head: head.sequence, last: last.sequence });
    return last;
  }
  const reader = new ChainReader(key, head);
  for (let i = first; i < lines.length; i++) {
    if (!reader.next(lines[i]!)) continue;
    warn('the end of the audit trail was changed', { after: reader.state.sequence });
    return last;
  }
  return reader.state;
}

/** The last lines of the trail: back to the head's, if it is not too far. */
function linesBack({ dir, key, segment, lines }: Remains, head: ChainState): readonly string[] {
  let all = lines;
  for (let number = segment - 1; number > 0 && all.length <= MAX_HEAD_LAG; number--) {
    if (all.length > 0 && taken(key, all[0]).sequence <= head.sequence + 1) break;
    all = [...segmentLines(join(dir, segmentName(number))), ...all];
  }
  return all;
}

function isNext(line: string, { sequence }: ChainState): boolean {
  return line.includes(`,"seq":${sequence + 1},"mac":"`);
}

/** There is only the word of the line itself. */
function taken(key: Buffer, line: string | undefined): ChainState {
  const reader = new ChainReader(key, undefined);
  if (line !== undefined) reader.follow(line);
  return reader.state;
}

/** None where the segment is missing. */
function segmentLines(path: string): string[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  try {
    return readTail(file).lines;
  } finally {
    closeSync(file);
  }
}

/** The whole lines at the end of a segment, where they end, and how long the file is. */
export function readTail(file: number): { lines: string[]; end: number; size: number } {
  const { size } = fstatSync(file);
  const start = Math.max(0, size - TAIL_BYTES);
  const bytes = Buffer.alloc(size - start);
  readSync(file, bytes, 0, bytes.length, start);
  const end = bytes.lastIndexOf(10) + 1;
  const text = bytes.toString('utf8', start > 0 ? bytes.indexOf(10) + 1 : 0, end);
  return { lines: text === '' ? [] : text.slice(0, -1).split('\n'), end: start + end, size };
}
