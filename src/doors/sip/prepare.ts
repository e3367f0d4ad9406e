/**
 * Reads the SIP door's configuration and script as far as possible without starting anything: what `check` tells, and what the
 * door is then made of.
 *
 * Errors: SCRIPT_UNREADABLE; those of listen.ts, tls-options.ts and of the script are problems, told all at once.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import { listenText } from '../../platform/listen-address.ts';
import type { Problem } from '../../platform/problems.ts';
import type { SipConfig } from './config.ts';
import { chooseListen, type ListenChoice } from './listen.ts';
import { DigestRuleBook, type DigestRules } from './modules/auth/digest-rules.ts';
import { modules } from './modules/modules.ts';
import { type LoadedScript, loadScript } from './script/load.ts';
import type { SipOptions } from './services.ts';
import { chooseTls, type TlsChoice } from './tls-options.ts';

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
  /** It as it was read. */
  readonly text: string;
  readonly listen: ListenChoice['listen'];
  readonly tls: TlsChoice['options'] | undefined;
  readonly options: SipOptions;
  /** db_url of each module that has one, with its place. */
  readonly databaseUrls: readonly { readonly url: string; readonly where: string }[];
}

export interface DoorDecision {
  readonly what: string;
  /** Fit to be shown: no secret. */
  readonly value: string;
  /** What Gatehouse makes of it, a sentence without a full stop. */
  readonly effect?: string;
  /** `file:line`, or the option; undefined: a default. */
  readonly where?: string;
  /** main: what every administrator should look at; script: the settings of ser.cfg. */
  readonly group: 'main' | 'script';
}

/** The script that runs when no other is named. */
export const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'examples', 'ser.cfg');
const LARGEST = 4 << 20;

export function prepareSip(config: SipConfig, scriptFile: string | undefined): PreparedSip {
  const path = scriptFile ?? config.script ?? EXAMPLE;
  const file = path === EXAMPLE ? 'examples/ser.cfg' : path;
  const text = readScript(path);
  const loaded = loadScript(text, { file, modules, ...(config.dialect ? { dialect: config.dialect } : {}) });
  const byScript = loaded.script?.uses.parametersOf('rr')?.preloaded_route === 'challenge' ? 'challenge' : 'pass';
  const preloadedRoute = config.preloaded_route ?? byScript;
  const digest = digestRules(config.digest);
  // Options close what the script alone would leave open.
  const closed = new Set<string>();
  if (preloadedRoute === 'challenge') closed.add('SCRIPT_PRELOADED_ROUTE');
  if (!digest.some(({ oneTime }) => !oneTime)) closed.add('SCRIPT_REPLAY');
  const problems = loaded.problems.filter(({ code }) => !closed.has(code));
  const { script } = loaded;
  if (script === undefined) return { file, ready: undefined, problems, decisions: [] };
  try {
    const tls = chooseTls(config.tls, script.globals, file);
    const choice = chooseListen(config.listen, script.globals, file, tls?.port);
    const { listen } = choice;
    const ready = {
      script,
      text,
      listen,
      tls: tls?.options,
      options: { preloadedRoute, digest, folder: dirname(path) },
      databaseUrls: databaseUrls(script),
    };
    return { file, ready, problems, decisions: decisions(script, choice, tls, preloadedRoute, config) };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return { file, ready: undefined, problems: [...problems, listenProblem(error, file)], decisions: [] };
  }
}

function digestRules({ algorithms, auth_int, one_time_nonces, domains }: SipConfig['digest']): DigestRuleBook {
  const own = domains.map((domain) => {
    const differing: Partial<DigestRules> = {
      ...(domain.algorithms ? { algorithms: domain.algorithms } : {}),
      ...(domain.auth_int === undefined ? {} : { authInt: domain.auth_int }),
      ...(domain.one_time_nonces === undefined ? {} : { oneTime: domain.one_time_nonces }),
    };
    return [domain.name.toLowerCase(), differing] as const;
  });
  return new DigestRuleBook({ algorithms, authInt: auth_int, oneTime: one_time_nonces }, new Map(own));
}

function readScript(path: string): string {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) throw unreadable(path, stat.isDirectory() ? 'it is a directory' : 'it is no file');
    if (stat.size > LARGEST) throw unreadable(path, `it is larger than ${LARGEST >> 20} MiB`);
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof GatehouseError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : String(code ?? cause);
    throw unreadable(path, why, cause);
  }
}

function unreadable(path: string, why: string, cause?: unknown): GatehouseError {
  const hint = 'name another with --ser-cfg FILE or sip.script in gatehouse.yaml';
  return new GatehouseError('SCRIPT_UNREADABLE', `the SIP script cannot be read: ${why}`, { where: path, hint, cause });
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
  tls: TlsChoice | undefined,
  preloadedRoute: string,
  config: SipConfig,
): DoorDecision[] {
  const listen = choice.listen.map((point) => `${point.protocol}:${listenText(point)}`);
  const aliases = script.globals.alias.map(({ host }) => host);
  const { dialect } = script;
  return [
    { what: 'listens on', value: listen.join(' '), effect: choice.from, group: 'main' },
    ...(tls ? [{ what: 'TLS', value: tls.options.certificate, effect: tls.from, group: 'main' as const }] : []),
    {
      what: 'domains',
      value: [...config.domains, ...aliases].join(' ') || 'none besides the addresses',
      group: 'main',
    },
    { what: 'dialect', value: dialect.name, effect: dialect.reason, group: 'main' },
    {
      what: 'preloaded Route',
      value: preloadedRoute,
      effect: config.preloaded_route ? 'sip.preloaded_route' : 'nobody says',
      group: 'main',
    },
    ...script.decisions.map(({ what, value, effect, line }) => ({
      what,
      value,
      effect,
      ...(line === undefined ? {} : { where: `${script.file}:${line}` }),
      group: 'script' as const,
    })),
  ];
}
