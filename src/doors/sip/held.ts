/**
 * What only a start can change: sockets are as they were opened, and what modules keep over all editions is as it was made. A
 * changed file that says otherwise waits.
 */
import { isDeepStrictEqual } from 'node:util';
import type { WaitingChange } from '../../core/doors/types.ts';
import type { TlsOptions } from '../../platform/tls/certificates.ts';
import type { ListenChoice } from './listen.ts';
import { type LoadedScript, withParameters } from './script/load.ts';
import type { LoadedModule } from './script/modules.ts';
import type { ParameterSpec } from './script/types.ts';

/** What the sockets are opened with. */
export interface SocketChoice {
  readonly script: LoadedScript;
  readonly listen: ListenChoice['listen'];
  readonly tls?: TlsOptions | undefined;
}

type Value = string | number | null | undefined;

/** Which database a module works on is settled when the databases are opened. */
export function isHeld({ name, held }: ParameterSpec): boolean {
  return held === true || name === 'db_url';
}

/** Each such parameter holds from the first edition that loads its module until the process ends. */
export class HeldParameters {
  /** By module and name: `usrloc.db_mode`. */
  readonly #held = new Map<string, Value>();

  /** The script as it can serve, and what of it waits for the next start. */
  over(script: LoadedScript): { script: LoadedScript; waiting: WaitingChange[] } {
    const waiting: WaitingChange[] = [];
    const held = withParameters(script, (loaded) => ({
      ...loaded.parameters,
      ...this.#differing(loaded, script, waiting),
    }));
    return { script: waiting.length === 0 ? script : held, waiting };
  }

  /** The script serves from now on. */
  keep(script: LoadedScript): void {
    for (const { module, parameters } of script.modules) {
      for (const { name } of module.parameters.filter(isHeld)) {
        const key = `${module.name}.${name}`;
        if (!this.#held.has(key)) this.#held.set(key, parameters[name]);
      }
    }
  }

  #differing({ module, parameters, decisions }: LoadedModule, { file }: LoadedScript, waiting: WaitingChange[]) {
    const values: Record<string, string | number | null> = {};
    for (const { name } of module.parameters) {
      const what = `${module.name}.${name}`;
      const value = this.#held.get(what);
      if (value === undefined || value === parameters[name]) continue;
      values[name] = value;
      const line = decisions.find((decision) => decision.what === what)?.line;
      waiting.push({ what, where: `${file}${line === undefined ? '' : `:${line}`}` });
    }
    return values;
  }
}

/** The settings of ser.cfg by which the sockets would be others; an option of gatehouse.yaml may be the reason as well. */
export function waitingSettings(open: SocketChoice, next: SocketChoice): WaitingChange[] {
  if (isDeepStrictEqual(socketsOf(open), socketsOf(next))) return [];
  const { file, globals } = next.script;
  const before = open.script.globals.held;
  const changed = [...before.keys(), ...globals.held.keys()].filter(
    (name) => before.get(name)?.text !== globals.held.get(name)?.text,
  );
  const waiting: WaitingChange[] = [...new Set(changed)].map((what) => {
    const line = globals.held.get(what)?.line;
    return { what, where: line === undefined ? file : `${file}:${line}` };
  });
  if ((open.tls === undefined) !== (next.tls === undefined)) waiting.push({ what: 'TLS' });
  return waiting;
}

function socketsOf({ listen, tls }: SocketChoice): unknown {
  return [listen, tls?.clientCertificate, tls?.verifyServer];
}
