/** What every command gets: the world, the global options, and the wired parts of main, loaded when first asked for. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Administration } from '../core/admin/types.ts';
import type {
  check,
  Dialling,
  listScriptModules,
  openAdministration,
  openDialling,
  openLinotpDatabase,
  StartOptions,
  startServer,
  trace,
} from '../main.ts';
import type { Problem } from '../platform/problems.ts';
import { renderProblem } from '../platform/problems.ts';
import type { Io } from './io.ts';

export interface GlobalOptions {
  data: string;
  config?: string;
  serCfg?: string;
  json?: boolean;
}

export interface Parts {
  startServer: typeof startServer;
  openAdministration: typeof openAdministration;
  openDialling: typeof openDialling;
  openLinotpDatabase: typeof openLinotpDatabase;
  check: typeof check;
  trace: typeof trace;
  listScriptModules: typeof listScriptModules;
}

export interface Context {
  readonly io: Io;
  readonly options: GlobalOptions;
  /** The parts of main.ts; a fake in tests. */
  parts(): Promise<Parts>;
}

export function startOptions({ io, options }: Context): StartOptions {
  const dataDir = resolve(options.data);
  return {
    dataDir,
    environment: io.environment,
    /** Looked for whenever it is asked for: it may come, or go, while a server runs. */
    get configFile() {
      if (options.config !== undefined) return options.config;
      const found = [resolve('gatehouse.yaml'), join(dataDir, 'gatehouse.yaml')].find(existsSync);
      return found && relativeIfShorter(found);
    },
    ...(options.serCfg === undefined ? {} : { serCfg: options.serCfg }),
  };
}

/** Messages name the file as people would type it. */
function relativeIfShorter(path: string): string {
  return path === resolve('gatehouse.yaml') ? 'gatehouse.yaml' : path;
}

/** The same for a command that only asks: where there is no data directory it makes none. */
export function readingAdministration<Result>(
  context: Context,
  use: (administration: Administration) => Promise<Result>,
): Promise<Result> {
  return withAdministration(context, use, true);
}

/** Runs `use` with the administration of the running server or of the database, and closes it. */
export async function withAdministration<Result>(
  context: Context,
  use: (administration: Administration) => Promise<Result>,
  reading = false,
): Promise<Result> {
  const { openAdministration } = await context.parts();
  const opened = await openAdministration(startOptions(context), { reading });
  try {
    return await use(opened.administration);
  } finally {
    await opened.close();
  }
}

/** The answer of a command: one document for programs, or the lines for people. */
export function answer({ io, options }: Context, document: Record<string, unknown>, text: () => string): void {
  if (options.json) io.out(JSON.stringify({ version: 1, ...document }));
  else {
    const lines = text();
    if (lines) io.out(lines);
  }
}

/** Accounts and modems to dial with, in the data directory. */
export async function openBook(context: Context): Promise<Dialling> {
  const { openDialling } = await context.parts();
  return openDialling(resolve(context.options.data));
}

/** What is wrong or doubtful, to standard error; programs get it with the answer. */
export function warn({ io, options }: Context, problems: readonly Problem[]): void {
  if (options.json) return;
  for (const problem of problems) {
    io.err(renderProblem(problem, (text, severity) => io.paintError(severity === 'error' ? 'red' : 'yellow', text)));
  }
}
