/**
 * The audit segments on disk: lines sealed into the chain of core/audit, appended and fdatasynced with the batch they
 * belong to, and taken back when its transaction fails.
 *
 * A segment is closed at 64 MiB or when a day (UTC) is over. The head file is rewritten within 100 ms, without fsync: it may
 * lag behind the lines, never be ahead of them.
 * Errors: AUDIT_UNWRITABLE.
 */
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  CHAIN_START,
  ChainReader,
  type ChainState,
  ChainWriter,
  HEAD_FILE,
  segmentName,
  segmentNumber,
  signHead,
  verifyHead,
} from '../core/audit/chain.ts';
import { GatehouseError } from '../platform/errors.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;
/** What is read of the last segment at start: more than the lines of any batch that a head can miss. */
const TAIL_BYTES = 16 * 1024 * 1024;
const DAY_MS = 86_400_000;
const HEAD_MS = 100;

export interface AuditLogOptions {
  readonly dir: string;
  readonly key: Buffer;
  now(): number;
  warn(message: string, fields?: Record<string, unknown>): void;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #head: number;
  #chain: ChainWriter;
  #segment = 0;
  #file: number;
  #size = 0;
  #day = 0;
  #headTimer: NodeJS.Timeout | undefined;
  #headWritten = false;
  /** Where to go back to when the batch fails. */
  #mark: { size: number; state: ChainState } | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    const { dir, key } = options;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      const numbers = readdirSync(dir).map(segmentNumber);
      this.#segment = numbers.reduce<number>((max, n) => Math.max(max, n ?? 0), 0) || 1;
      this.#file = this.#openSegment();
      this.#head = openSync(join(dir, HEAD_FILE), 'a+', 0o600);
      closeSync(this.#head);
      this.#head = openSync(join(dir, HEAD_FILE), 'r+');
      syncDir(dir);
      this.#chain = new ChainWriter(key, this.#recover());
    } catch (cause) {
      throw unwritable(dir, cause);
    }
  }

  /** Seals and appends the lines of one batch; not durable yet. */
  write(lines: readonly string[]): void {
    const { dir } = this.#options;
    try {
      if (this.#size >= SEGMENT_BYTES || (this.#size > 0 && this.#today() !== this.#day)) this.#roll();
      this.#mark = { size: this.#size, state: this.#chain.state };
      let text = '';
      for (const line of lines) text += `${this.#chain.seal(line)}\n`;
      this.#append(Buffer.from(text));
    } catch (cause) {
      this.cancel();
      throw unwritable(dir, cause);
    }
  }

  /** Makes what was written durable. */
  sync(): void {
    try {
      fdatasyncSync(this.#file);
    } catch (cause) {
      throw unwritable(this.#options.dir, cause);
    }
  }

  /** The batch is durable: the head follows. */
  confirm(): void {
    this.#mark = undefined;
    // A trail that has no head yet gets one at once, since without one nothing can be proven.
    if (this.#headWritten) this.#headTimer ??= setTimeout(() => this.#writeHead(), HEAD_MS);
    else this.#writeHead();
  }

  /** The batch failed: its lines were never acknowledged and go away again. */
  cancel(): void {
    const mark = this.#mark;
    if (!mark) return;
    this.#mark = undefined;
    this.#chain = new ChainWriter(this.#options.key, mark.state);
    this.#size = mark.size;
    try {
      ftruncateSync(this.#file, mark.size);
    } catch (error) {
      this.#options.warn('lines of a failed batch stay in the audit trail', { error: String(error) });
    }
  }

  close(): void {
    if (this.#headTimer) this.#writeHead();
    fdatasyncSync(this.#file);
    fsyncSync(this.#head);
    closeSync(this.#file);
    closeSync(this.#head);
  }

  #append(bytes: Buffer): void {
    let done = 0;
    while (done < bytes.length) done += writeSync(this.#file, bytes, done, bytes.length - done, this.#size + done);
    this.#size += bytes.length;
  }

  #writeHead(): void {
    clearTimeout(this.#headTimer);
    this.#headTimer = undefined;
    // Lines of a batch under way are not confirmed yet.
    const state = this.#mark?.state ?? this.#chain.state;
    try {
      // In place and with one call: the text only ever grows longer, and a kill cannot tear one small write.
      writeSync(this.#head, signHead(this.#options.key, state), 0);
      this.#headWritten = true;
    } catch (error) {
      this.#options.warn('the head of the audit trail could not be written', { error: String(error) });
    }
  }

  #roll(): void {
    closeSync(this.#file);
    this.#segment++;
    this.#file = this.#openSegment();
    this.#size = 0;
    syncDir(this.#options.dir);
  }

  #openSegment(): number {
    this.#day = this.#today();
    const path = join(this.#options.dir, segmentName(this.#segment));
    closeSync(openSync(path, 'a', 0o600));
    return openSync(path, 'r+');
  }

  #today(): number {
    return Math.floor(this.#options.now() / DAY_MS);
  }

  /** Cuts a torn last line and finds out where the chain goes on. */
  #recover(): ChainState {
    const { key, warn } = this.#options;
    const stat = fstatSync(this.#file);
    this.#day = Math.floor(stat.mtimeMs / DAY_MS);
    const tail = this.#cutTorn(stat.size);
    const lines = tail === '' ? [] : tail.slice(0, -1).split('\n');
    const headText = readFileSync(this.#head, 'latin1');
    const head = headText === '' ? undefined : verifyHead(key, headText);
    if (headText !== '' && !head) warn('the head of the audit trail is not one we signed', {});
    if (!head) return this.#lastOf(lines, headText === '' && lines.length === 0 && this.#segment === 1);
    const reader = new ChainReader(key, head);
    const missed = lines.findIndex((line) => line.includes(`,"seq":${head.sequence + 1},"mac":"`));
    const last = new ChainReader(key, undefined);
    if (lines.length > 0) last.follow(lines.at(-1)!);
    if (last.state.sequence < head.sequence && lines.length > 0) {
      warn('lines are missing at the end of the audit trail', { head: head.sequence, last: last.state.sequence });
    }
    if (missed < 0) return head;
    for (const line of lines.slice(missed)) {
      if (reader.next(line)) {
        warn('the end of the audit trail was changed', { after: reader.state.sequence });
        return last.state;
      }
    }
    return reader.state;
  }

  /** Without a head there is only the word of the last line. */
  #lastOf(lines: string[], fresh: boolean): ChainState {
    if (fresh) return CHAIN_START;
    this.#options.warn('the audit trail has no valid head, it goes on behind its last line', {});
    const reader = new ChainReader(this.#options.key, undefined);
    if (lines.length > 0) reader.follow(lines.at(-1)!);
    return reader.state;
  }

  /** Gives the whole lines at the end of the segment. */
  #cutTorn(size: number): string {
    const start = Math.max(0, size - TAIL_BYTES);
    const bytes = Buffer.alloc(size - start);
    readSync(this.#file, bytes, 0, bytes.length, start);
    const end = bytes.lastIndexOf(10) + 1;
    if (end < bytes.length) {
      this.#options.warn('a torn last line of the audit trail was cut, it was never acknowledged', {
        segment: segmentName(this.#segment),
        bytes: bytes.length - end,
      });
      ftruncateSync(this.#file, start + end);
      fdatasyncSync(this.#file);
    }
    this.#size = start + end;
    return bytes.toString('utf8', start > 0 ? bytes.indexOf(10) + 1 : 0, end);
  }
}

/** A new file is durable only when its directory is. */
function syncDir(dir: string): void {
  const handle = openSync(dir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function unwritable(dir: string, cause: unknown): GatehouseError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GatehouseError('AUDIT_UNWRITABLE', `the audit trail cannot be written: ${reason}`, {
    hint: `is there room on the disk, and may this user write to ${dir}?`,
    cause,
  });
}
