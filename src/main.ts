/**
 * What the house offers to the command line: a server, the administration, a look at the files. Wired in `main/`, the only place
 * that knows storage, SMS and the doors.
 *
 * Each part is loaded when it is asked for: what a running server answers needs nothing of what makes one.
 */
import type { LinotpDatabase } from './core/linotp/tokens.ts';
import type { Dialling } from './main/dialling.ts';
import type { Server } from './main/server.ts';
import type { StartOptions } from './main/site.ts';

export type { TraceReport } from './doors/sip/trace.ts';
export { type OpenedAdministration, openAdministration } from './main/administration.ts';
export type { CheckReport, Decision } from './main/check.ts';
export type { CallPlan, Dialling, Kind, Person } from './main/dialling.ts';
export type { Server } from './main/server.ts';
export type { StartOptions } from './main/site.ts';
export type { Problem } from './platform/problems.ts';
export { version } from './platform/version.ts';

type Check = typeof import('./main/check.ts');

export async function startServer(options: StartOptions): Promise<Server> {
  const server = await import('./main/server.ts');
  return server.startServer(options);
}

export async function check(...given: Parameters<Check['check']>): ReturnType<Check['check']> {
  const files = await import('./main/check.ts');
  return files.check(...given);
}

export async function trace(...given: Parameters<Check['trace']>): ReturnType<Check['trace']> {
  const files = await import('./main/check.ts');
  return files.trace(...given);
}

export async function listScriptModules(): Promise<ReturnType<Check['listScriptModules']>> {
  const files = await import('./main/check.ts');
  return files.listScriptModules();
}

export async function openDialling(dataDir: string): Promise<Dialling> {
  const dialling = await import('./main/dialling.ts');
  return dialling.openDialling(dataDir);
}

export async function openLinotpDatabase(address: string): Promise<LinotpDatabase> {
  const linotp = await import('./main/linotp.ts');
  return linotp.openLinotpDatabase(address);
}
