/**
 * The audit segments on disk: lines sealed into the chain of core/audit, appended and fdatasynced with the batch they
 * belong to, and taken back when its transaction fails.
 *
 * A segment is closed at 64 MiB or when a day (UTC) is over. The head file is rewritten within 100 ms, with fsync only now
 * and then: it may lag behind the lines, by less than MAX_HEAD_LAG even after a power cut, and never be ahead of them.
 * Errors: AUDIT_UNWRITABLE.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type ChainState,
  ChainWriter,
  HEAD_FILE,
  MAX_HEAD_LAG,
  segmentName,
  segmentNumber,
  signHead,
} from '../core/audit/chain.ts';
import { GatehouseError } from '../platform/errors.ts';
import { type Recovered, readTail, recoverChain } from './audit-recovery.ts';

const SEGMENT_BYTES = 64 * 1024 * 1024;
const DAY_MS = 86_400_000;
const HEAD_MS = 100;

export interface AuditLogOptions {
  readonly dir: string;
  readonly key: Buffer;
  now(): number;
  warn(message: string, fields?: Record<string, unknown>): void;
  /** How a segment is opened; tests let it fail. */
  readonly openFile?: typeof openSync;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #head: number;
  #chain: ChainWriter;
  #segment = 0;
  #file: number;
  #size = 0;
  #day = 0;
  #lastTurn: Promise<unknown> = Promise.resolve();
  #headTimer: NodeJS.Timeout | undefined;
  #headWritten = false;
  /** Number of the line that the head on the disk names at least. */
  #headSynced = 0;
  /** Where to go back to when the batch fails. */
  #mark: { size: number; state: ChainState } | undefined;

  constructor(options: AuditLogOptions) {
    this.#options = options;
    const { dir, key } = options;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      const numbers = readdirSync(dir).map(segmentNumber);
      this.#segment = numbers.reduce<number>((max, n) => Math.max(max, n ?? 0), 0) || 1;
      this.#file = this.#openSegment(this.#segment);
      this.#head = openSync(join(dir, HEAD_FILE), constants.O_RDWR | constants.O_CREAT, 0o600);
      syncDir(dir);
      const { state, head } = this.#recover();
      this.#chain = new ChainWriter(key, state);
      this.#headSynced = head?.sequence ?? 0;
      if (head && state.sequence > head.sequence) this.#saveHead();
    } catch (cause) {
      throw unwritable(dir, cause);
    }
  }

  /**
   * Work that has lines in the trail: `seal` makes them durable and is called before the work commits; if the work fails,
   * they are taken back. One such work at a time, since lines can only be taken back from the end.
   */
  together<T>(lines: readonly string[], work: (seal: () => void) => Promise<T>): Promise<T> {
    if (lines.length === 0) return work(() => {});
    const turn = this.#lastTurn.then(async () => {
      let sealed = false;
      const seal = () => {
        if (sealed) return;
        sealed = true;
        this.write(lines);
        this.sync();
      };
      try {
        const result = await work(seal);
        if (sealed) this.confirm();
        return result;
      } catch (error) {
        this.cancel();
        throw error;
      }
    });
    this.#lastTurn = turn.catch(() => {});
    return turn;
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

  /** After a failure: a byte behind the last line is written, synced and taken back. */
  isWritable(): boolean {
    if (this.#mark) return false;
    try {
      writeSync(this.#file, ' ', this.#size);
      fdatasyncSync(this.#file);
      return true;
    } catch {
      return false;
    } finally {
      this.#cut(this.#size);
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
    this.#cut(mark.size);
  }

  #cut(size: number): void {
    try {
      ftruncateSync(this.#file, size);
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
    try {
      this.#putHead();
      if (this.#headState.sequence - this.#headSynced >= MAX_HEAD_LAG / 4) this.#saveHead();
    } catch (error) {
      this.#options.warn('the head of the audit trail could not be written', { error: String(error) });
    }
  }

  /** Lines of a batch under way are not confirmed yet. */
  get #headState(): ChainState {
    return this.#mark?.state ?? this.#chain.state;
  }

  #putHead(): void {
    // In place and with one call: the text only ever grows longer, and a kill cannot tear one small write.
    writeSync(this.#head, signHead(this.#options.key, this.#headState), 0);
    this.#headWritten = true;
  }

  /** The head, durable: where a lag would do harm. */
  #saveHead(): void {
    this.#putHead();
    fdatasyncSync(this.#head);
    this.#headSynced = this.#headState.sequence;
  }

  /**
   * The new segment takes over when it is open and durable, so that no failure leaves a number that is somebody else's. The
   * head goes first: it must not name a line of the segment before, when this one has lines and the power fails.
   */
  #roll(): void {
    this.#saveHead();
    const next = this.#openSegment(this.#segment + 1);
    try {
      syncDir(this.#options.dir);
    } catch (error) {
      closeSync(next);
      throw error;
    }
    const last = this.#file;
    this.#file = next;
    this.#segment++;
    this.#size = 0;
    this.#day = this.#today();
    closeSync(last);
  }

  #openSegment(number: number): number {
    const { dir, openFile = openSync } = this.#options;
    // To be written at a place of its own choosing, which O_APPEND would not allow.
    return openFile(join(dir, segmentName(number)), constants.O_RDWR | constants.O_CREAT, 0o600);
  }

  #today(): number {
    return Math.floor(this.#options.now() / DAY_MS);
  }

  /** Cuts a torn last line and finds out where the chain goes on. */
  #recover(): Recovered {
    const { dir, key, warn } = this.#options;
    this.#day = Math.floor(fstatSync(this.#file).mtimeMs / DAY_MS);
    const { lines, end, size } = readTail(this.#file);
    if (end < size) {
      const segment = segmentName(this.#segment);
      warn('a torn last line of the audit trail was cut, it was never acknowledged', { segment, bytes: size - end });
      ftruncateSync(this.#file, end);
      fdatasyncSync(this.#file);
    }
    this.#size = end;
    const headText = readFileSync(this.#head, 'latin1');
    return recoverChain({ dir, key, segment: this.#segment, lines, headText, warn });
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
