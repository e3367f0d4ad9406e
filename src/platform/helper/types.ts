/**
 * Programs that Gatehouse starts: gnokii for SMS, hook scripts, pppd.
 *
 * A request is typed and whole: a file, its arguments one by one, its environment. There is no shell, and nothing of our own environment goes
 * along. The program is the leader of a process group of its own, which a time-out ends as a whole: SIGTERM, and SIGKILL two seconds later.
 * Errors of `run`: PROGRAM_REQUEST, PROGRAM_REFUSED, PROGRAM_START, PROGRAM_QUEUE, PROGRAM_LOST. How a program ended is a result, whatever its exit code.
 */

export interface ProgramRun {
  /** Absolute, or a name that is looked for in the PATH of `env`. */
  readonly file: string;
  readonly args: readonly string[];
  /** At most 1 MiB. */
  readonly stdin?: Uint8Array;
  /** Instead of pipes, a terminal for input and output, which becomes the controlling one. */
  readonly terminal?: ProgramTerminal;
  /** The whole of it. */
  readonly env: Readonly<Record<string, string>>;
  /** `/` where absent. */
  readonly cwd?: string;
  /** Whom it runs as; only root can choose. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Between SIGTERM and SIGKILL, where two seconds are not wanted. */
  readonly graceMs?: number;
  /** In milliseconds, counted from its start. */
  readonly timeoutMs: number;
  /** Of stdout and of stderr each; what is past them is read and dropped. */
  readonly maxOutputBytes: number;
}

export interface ProgramTerminal {
  readonly path: string;
  /** raw: no echo, all bytes go through, what the program says to stderr is kept; cooked: as a person uses one, stderr too. */
  readonly kind: 'raw' | 'cooked';
}

export interface ProgramResult {
  /** Null: a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** It was ended because its time was over. */
  readonly timedOut: boolean;
}

export interface Programs {
  /** `until`: it is ended then, as by a time-out. */
  run(request: ProgramRun, until?: AbortSignal): Promise<ProgramResult>;
}
