/**
 * Checks a whole audit trail against key and head: changed, missing, swapped and cut-off lines, missing segments, a head that
 * is missing, forged, or does not fit. Reads as a stream, one line at a time.
 *
 * The head may lag behind (see MAX_HEAD_LAG): lines beyond it are as authentic as the others. Errors: AUDIT_BROKEN (the
 * directory or a file cannot be read).
 */
import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditReport } from '../admin/types.ts';
import type { ChainState, LineFault } from './chain.ts';
import { CHAIN_START, ChainReader, HEAD_FILE, MAX_HEAD_LAG, segmentName, segmentNumber, verifyHead } from './chain.ts';

/** Faults listed at most; further ones are only counted in the last entry. */
const MAX_FAULTS = 100;
const MAX_LINE = 1_000_000;

export async function verifyTrail(directory: string, key: Buffer): Promise<AuditReport> {
  try {
    return await new TrailCheck(directory, key).run();
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause)) throw cause;
    throw new GatehouseError('AUDIT_BROKEN', `the audit trail cannot be read: ${String(cause.code)}`, {
      where: directory,
      hint: 'run as the user whom the files belong to, and check the path of the data directory',
      cause,
    });
  }
}

class TrailCheck {
  readonly #directory: string;
  readonly #key: Buffer;
  readonly #reader: ChainReader;
  readonly #faults: AuditReport['faults'] = [];
  #more = 0;
  #lines = 0;
  #headSeen = false;

  constructor(directory: string, key: Buffer) {
    this.#directory = directory;
    this.#key = key;
    this.#reader = new ChainReader(key, undefined);
  }

  async run(): Promise<AuditReport> {
    // The head first: lines written while we read are then beyond it, which is no fault.
    const headText = await readFile(join(this.#directory, HEAD_FILE), 'utf8').catch(unlessMissing);
    const head = headText === undefined ? undefined : verifyHead(this.#key, headText);
    const numbers = (await readdir(this.#directory)).map(segmentNumber).filter((n) => n !== undefined);
    numbers.sort((a, b) => a - b);
    let expected = 1;
    for (const [i, number] of numbers.entries()) {
      if (number > expected) this.#missingSegments(expected, number - 1);
      expected = number + 1;
      await this.#segment(segmentName(number), head, i === numbers.length - 1);
    }
    this.#checkHead(headText, head);
    if (this.#more > 0) this.#faults.push({ file: '', line: 0, fault: `${this.#more} further faults` });
    return { segments: numbers.length, lines: this.#lines, faults: this.#faults };
  }

  async #segment(file: string, head: ChainState | undefined, isLast: boolean): Promise<void> {
    let number = 0;
    for await (const { text, whole } of readLines(join(this.#directory, file))) {
      number++;
      if (whole) {
        this.#line(file, number, text, head);
        continue;
      }
      // A running server may be in the middle of its last line.
      const beyondHead = isLast && head !== undefined && this.#reader.state.sequence >= head.sequence;
      if (!beyondHead) this.#fault(file, number, 'the line is cut off');
    }
  }

  #line(file: string, number: number, text: string, head: ChainState | undefined): void {
    this.#lines++;
    const before = this.#reader.state.sequence;
    const fault = this.#reader.next(text);
    if (fault) {
      this.#reader.follow(text);
      this.#fault(file, number, explain(fault, before, this.#reader.state.sequence));
    }
    const { sequence, mac } = this.#reader.state;
    if (head === undefined || sequence !== head.sequence || this.#headSeen) return;
    this.#headSeen = true;
    if (mac !== head.mac) this.#fault(file, number, 'the line is not the one that the head names');
  }

  #missingSegments(first: number, last: number): void {
    const names = first === last ? segmentName(first) : `${segmentName(first)} to ${segmentName(last)}`;
    this.#fault(names, 0, 'the segment is missing');
  }

  #checkHead(text: string | undefined, head: ChainState | undefined): void {
    const { sequence } = this.#reader.state;
    // Empty: made when the trail was begun, before its first line.
    if (text === undefined || text === '') {
      if (this.#lines > 0) this.#fault(HEAD_FILE, 0, 'the head is missing');
      return;
    }
    if (head === undefined) {
      this.#fault(HEAD_FILE, 1, 'the head is not signed with this key');
      return;
    }
    if (head.sequence > sequence) {
      this.#fault(
        HEAD_FILE,
        1,
        `the head names line ${head.sequence}, but the trail ends at ${sequence}: lines are missing`,
      );
    } else if (sequence - head.sequence > MAX_HEAD_LAG) {
      this.#fault(HEAD_FILE, 1, `the head is older than its trail: it names line ${head.sequence} of ${sequence}`);
    } else if (!this.#headSeen && head.sequence !== CHAIN_START.sequence) {
      this.#fault(HEAD_FILE, 1, `the line that the head names, ${head.sequence}, is missing`);
    }
  }

  #fault(file: string, line: number, fault: string): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ file, line, fault });
    else this.#more++;
  }
}

function explain(fault: LineFault, before: number, found: number): string {
  if (fault === 'malformed') return 'the line is damaged or no line of the trail';
  if (fault === 'changed') return 'the line was changed, or the one before it';
  const missing = found - before - 1;
  if (missing > 0) return `${missing} ${missing === 1 ? 'line is' : 'lines are'} missing before it`;
  return `the line is out of place: number ${found} after ${before}`;
}

/** Lines without their newline; `whole` false: the file ended before one. */
async function* readLines(path: string): AsyncGenerator<{ text: string; whole: boolean }> {
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
    rest += chunk;
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield { text: rest.slice(start, end), whole: true };
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length <= MAX_LINE) continue;
    // No line of ours is as long: it is given up piece by piece, each a fault.
    yield { text: rest, whole: true };
    rest = '';
  }
  if (rest !== '') yield { text: rest, whole: false };
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
