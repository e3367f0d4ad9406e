/**
 * What the house offers to the command line: a server, the administration, a look at the files. Wired in `main/`, the only place
 * that knows storage, SMS and the doors.
 */
export type { TraceReport } from './doors/sip/trace.ts';
export { type OpenedAdministration, openAdministration } from './main/administration.ts';
export { type CheckReport, check, type Decision, listScriptModules, trace } from './main/check.ts';
export { type CallPlan, type Dialling, type Kind, openDialling, type Person } from './main/dialling.ts';
export { openLinotpDatabase } from './main/linotp.ts';
export { type Server, startServer } from './main/server.ts';
export { configuration, type StartOptions } from './main/site.ts';
export type { Problem } from './platform/problems.ts';
export { version } from './platform/version.ts';
