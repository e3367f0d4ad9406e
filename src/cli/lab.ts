/** Runs command lines against a fake server, for tests: what was typed goes in, what was printed comes out. */
import type { FakeAdministration } from '../core/control/fake.ts';
import { fakeAdministration } from '../core/control/fake.ts';
import { type CheckReport, listScriptModules, openDialling, openLinotpDatabase, type StartOptions } from '../main.ts';
import type { Parts } from './context.ts';
import type { Io } from './io.ts';
import { runGatehouse } from './run.ts';
import { runSerctl } from './serctl/run.ts';

export interface Spoken {
  code: number;
  out: string;
  err: string;
}

export interface Lab {
  readonly administration: FakeAdministration;
  /** With which options main was asked, call by call. */
  readonly asked: StartOptions[];
  /** Whether each opening was for reading alone. */
  readonly readings: boolean[];
  gatehouse(...args: string[]): Promise<Spoken>;
  serctl(...args: string[]): Promise<Spoken>;
}

export interface LabOptions {
  input?: (string | Uint8Array)[];
  /** Standard input is a terminal. */
  terminal?: boolean;
  environment?: NodeJS.ProcessEnv;
  defaultDomain?: string;
  report?: CheckReport;
  /** Called before main answers; may throw. */
  onOpen?: (options: StartOptions) => void;
}

export function lab(options: LabOptions = {}): Lab {
  const administration = fakeAdministration();
  const asked: StartOptions[] = [];
  const readings: boolean[] = [];
  const parts: Parts = {
    startServer: () => Promise.reject(new Error('not in this lab')),
    openAdministration: async (given, { reading = false } = {}) => {
      asked.push(given);
      readings.push(reading);
      options.onOpen?.(given);
      return { administration, via: 'server', defaultDomain: options.defaultDomain ?? '', close: async () => {} };
    },
    openDialling,
    openLinotpDatabase,
    check: async (given) => {
      asked.push(given);
      return options.report ?? { file: 'ser.cfg', problems: [], decisions: [] };
    },
    trace: (given) => import('../main.ts').then(({ trace }) => trace(given)),
    listScriptModules,
  };
  const speak = async (run: (io: Io) => Promise<number>): Promise<Spoken> => {
    const out: string[] = [];
    const err: string[] = [];
    const io: Io = {
      out: (text) => void out.push(`${text}\n`),
      err: (text) => void err.push(`${text}\n`),
      notice: (text) => void err.push(text),
      input: pieces(options.input ?? []),
      terminal: { input: options.terminal ?? false, output: false, error: false },
      environment: options.environment ?? {},
      paint: (_format, text) => text,
      paintError: (_format, text) => text,
    };
    return { code: await run(io), out: out.join(''), err: err.join('') };
  };
  return {
    administration,
    asked,
    readings,
    gatehouse: (...args) => speak((io) => runGatehouse(args, io, async () => parts)),
    serctl: (...args) => speak((io) => runSerctl(args, io, async () => parts)),
  };
}

async function* pieces(input: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of input) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}
