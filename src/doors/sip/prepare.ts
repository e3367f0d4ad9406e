/**
 * Reads the SIP door's configuration and script as far as possible without starting anything: what `check` tells, and what the
 * door is then made of.
 *
 * Errors: SCRIPT_UNREADABLE; those of the script are problems, told all at once.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import { excerptOf, type Problem } from '../../platform/problems.ts';
import type { SipConfig } from './config.ts';
import { chooseListen, type ListenChoice } from './listen.ts';
import { modules } from './modules/modules.ts';
import type { Problem as ScriptProblem } from './script/diagnostics.ts';
import { type LoadedScript, loadScript } from './script/load.ts';
import type { SipOptions } from './services.ts';

export interface PreparedSip {
  /** As people would type it. */
  readonly file: string;
  /** Undefined: the problems hold errors. */
  readonly ready: ReadySip | undefined;
  readonly problems: readonly Problem[];
  readonly decisions: readonly DoorDecision[];
}

export interface ReadySip {
  readonly script: LoadedScript;
  readonly listen: ListenChoice['listen'];
  readonly options: SipOptions;
  /** db_url of each module that has one, with its place. */
  readonly databaseUrls: readonly { readonly url: string; readonly where: string }[];
}

export interface DoorDecision {
  readonly what: string;
  readonly value: string;
  readonly where?: string;
}

/** The script that runs when no other is named. */
export const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'examples', 'ser.cfg');
const LARGEST = 4 << 20;

export function prepareSip(config: SipConfig, scriptFile: string | undefined): PreparedSip {
  const path = scriptFile ?? config.script ?? EXAMPLE;
  const builtIn = path === EXAMPLE;
  const file = builtIn ? 'examples/ser.cfg' : path;
  const text = readScript(path);
  const loaded = loadScript(text, { file, modules, ...(config.dialect ? { dialect: config.dialect } : {}) });
  const problems = loaded.problems.map((problem) => toProblem(problem, text));
  const { script } = loaded;
  if (script === undefined) return { file, ready: undefined, problems, decisions: [] };
  const preloadedRoute = config.preloaded_route ?? (builtIn ? 'challenge' : 'pass');
  try {
    const choice = chooseListen(config.listen, script.globals, file);
    const ready = { script, listen: choice.listen, options: { preloadedRoute }, databaseUrls: databaseUrls(script) };
    return { file, ready, problems, decisions: decisions(script, choice, preloadedRoute, config) };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return { file, ready: undefined, problems: [...problems, listenProblem(error, file)], decisions: [] };
  }
}

function readScript(path: string): string {
  try {
    if (statSync(path).size > LARGEST) throw new Error(`larger than ${LARGEST >> 20} MiB`);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new GatehouseError('SCRIPT_UNREADABLE', 'the SIP script cannot be read', {
      where: path,
      hint: `${(cause as Error).message}; name another with --ser-cfg FILE or sip.script in gatehouse.yaml`,
      cause,
    });
  }
}

function toProblem(problem: ScriptProblem, text: string): Problem {
  const { severity, code, file, line, column, message, cause, cure } = problem;
  const advice = [cause && `cause: ${cause}`, cure && `cure: ${cure}`].filter(Boolean).join('\n  ');
  return {
    severity,
    code,
    file,
    line,
    column,
    message,
    excerpt: excerptOf(text, line, column),
    ...(advice ? { cure: advice } : {}),
  };
}

/** A GatehouseError whose place is `file:line:column`, as a problem beside the script's own. */
function listenProblem(error: GatehouseError, file: string): Problem {
  const place = /:(\d+):(\d+)$/.exec(error.where ?? '');
  const where = place ? file : (error.where ?? file);
  return {
    severity: 'error',
    code: error.code,
    file: where,
    line: Number(place?.[1] ?? 0),
    column: Number(place?.[2] ?? 0),
    message: error.message,
    ...(error.hint ? { cure: error.hint } : {}),
  };
}

function databaseUrls(script: LoadedScript): { url: string; where: string }[] {
  const found: { url: string; where: string }[] = [];
  for (const { module, parameters, at, decisions } of script.modules) {
    const url = parameters.db_url;
    if (typeof url !== 'string' || url === '') continue;
    const line = decisions.find(({ what }) => what === `${module.name}.db_url`)?.line ?? at.line;
    found.push({ url, where: `${script.file}:${line}` });
  }
  return found;
}

function decisions(
  script: LoadedScript,
  choice: ListenChoice,
  preloadedRoute: string,
  config: SipConfig,
): DoorDecision[] {
  const listen = choice.listen.map(
    ({ protocol, address, port }) => `${protocol}:${address.includes(':') ? `[${address}]` : address}:${port}`,
  );
  return [
    { what: 'listen', value: listen.join(' '), where: choice.from },
    {
      what: 'domains',
      value: [...config.domains, ...script.globals.alias.map(({ host }) => host)].join(' ') || '(addresses only)',
    },
    {
      what: 'preloaded Route',
      value: preloadedRoute,
      where: config.preloaded_route ? 'sip.preloaded_route' : 'default',
    },
    ...script.decisions.map(({ what, value, effect, line }) => ({
      what,
      value: `${value}: ${effect}`,
      where: line === undefined ? 'default' : `${script.file}:${line}`,
    })),
  ];
}
