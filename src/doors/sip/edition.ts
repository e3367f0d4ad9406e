/**
 * A script as it serves: program and modules, made together and never changed. A script that is loaded again becomes another
 * edition: new requests begin with that one, while each run goes on with the one it began with, up to the last route that it armed.
 */
import type { EngineScript } from './engine.ts';
import { localNames } from './local-names.ts';
import { bareHost } from './message/uri.ts';
import { relayTimers } from './modules/tm/parameters.ts';
import type { Accounts, Edition, RelayTimers, Run } from './run.ts';
import { type CompileOptions, compileScript } from './script/compile.ts';
import type { ScriptHost } from './script/host.ts';
import type { LoadedScript } from './script/load.ts';
import { resumeScript, runRoute, runScript } from './script/machine.ts';
import type { LoadedModule } from './script/modules.ts';
import type { Program } from './script/program.ts';
import type { RouteKey } from './script/route-kinds.ts';
import type { BuiltModule, ModuleCommands } from './script/types.ts';
import type { LocalNames, Services, SipOptions } from './services.ts';

/** What may be another in each edition. */
export interface EditionChoice {
  readonly script: LoadedScript;
  readonly options: SipOptions;
  /** Domains served besides the script's aliases. */
  readonly domains: readonly string[];
}

/** What all editions of a door have in common. */
export interface EditionGround {
  /** Names that are ours by the sockets. */
  readonly addresses: LocalNames;
  readonly services: Omit<Services, 'local' | 'options'>;
  isLocalAddress(address: string): boolean;
  /** The script's log; `debug`: the last level that it wants written. */
  say(level: number, text: string, debug: number): void;
  readonly compile?: CompileOptions;
  /** In place of the module's own. */
  readonly build?: (loaded: LoadedModule, services: Services) => BuiltModule;
}

/** One datagram at most: what SER's max_len stands for. */
const MAX_DATAGRAM = 65_535;
/** Where the script does not load tm, and yet something is relayed. */
const TIMERS: RelayTimers = { response: 30_000, invite: 120_000, restart: true };

export class ScriptEdition implements Edition {
  readonly branchUri: boolean;
  readonly timers: RelayTimers;
  readonly accounts: Accounts | undefined;
  /** Value of the Server header, '' = none. */
  readonly server: string;
  readonly #program: Program;
  readonly #modules: readonly BuiltModule[];

  constructor({ script, options, domains }: EditionChoice, ground: EditionGround) {
    const { globals, uses } = script;
    const aliases = globals.alias.map(({ host, port }) => (port ? `${host}:${port}` : host));
    const local = eitherOf(localNames([], [...domains, ...aliases]), ground.addresses);
    const services: Services = { ...ground.services, local, options };
    const build = ground.build ?? (({ module, parameters }) => module.build(parameters, services, uses));
    const built = new Map(script.modules.map((loaded) => [loaded.module.name, build(loaded, services)]));
    const tm = uses.parametersOf('tm');
    this.branchUri = script.dialect.name === 'openser';
    this.timers = tm === undefined ? TIMERS : relayTimers(tm);
    this.server = globals.serverSignature ? (globals.serverHeader ?? 'Gatehouse') : '';
    this.#modules = [...built.values()];
    this.accounts = this.#modules.find(({ accounts }) => accounts)?.accounts;
    this.#program = compileScript(script, built, hostOf(services, ground, globals.debug), ground.compile);
  }

  /** Opens what its modules need (tables, preload). Another edition may serve meanwhile. */
  async open(): Promise<void> {
    for (const module of this.#modules) await module.start?.();
  }

  /** Undefined: no module of it takes this command. */
  command(name: string): ModuleCommands[string] | undefined {
    return this.#modules.find(({ commands }) => commands && Object.hasOwn(commands, name))?.commands?.[name];
  }

  /** New requests begin with it from now on. */
  serve(): void {
    for (const module of this.#modules) module.serve?.();
  }

  /** As `start`, of a run that begins. */
  begin(run: Run, key: 'route' | 'error_route'): boolean {
    run.edition = this;
    return key === 'route' ? runScript(this.#program, run) : runRoute(this.#program, run, key);
  }

  has(key: RouteKey): boolean {
    return this.#program.entries.has(key);
  }

  start(run: Run, key: RouteKey): boolean {
    return runRoute(this.#program, run, key);
  }

  resume(run: Run, result: number): boolean {
    return resumeScript(this.#program, run, result);
  }
}

/** What the engine knows of the scripts: the one that new requests begin with, and that each run has its own. */
export class Editions implements EngineScript {
  #current: ScriptEdition;

  constructor(first: ScriptEdition) {
    this.#current = first;
  }

  /** Opens the first one, which serves from then on. Nothing else holds it: with the last run of its own it goes. */
  async open(): Promise<void> {
    await this.#current.open();
    this.#current.serve();
  }

  /** It is open already. */
  adopt(edition: ScriptEdition): void {
    edition.serve();
    this.#current = edition;
  }

  start(run: Run): boolean {
    return this.#current.begin(run, 'route');
  }

  resume(run: Run, result: number): boolean {
    return run.edition.resume(run, result);
  }

  command(name: string): ModuleCommands[string] | undefined {
    return this.#current.command(name);
  }

  get faulty(): ((run: Run) => boolean) | undefined {
    return this.#current.has('error_route') ? this.#faulty : undefined;
  }

  get server(): string {
    return this.#current.server;
  }

  #faulty = (run: Run): boolean => this.#current.begin(run, 'error_route');
}

function eitherOf(names: LocalNames, addresses: LocalNames): LocalNames {
  return { isMyself: (host, port) => names.isMyself(host, port) || addresses.isMyself(host, port) };
}

function hostOf(services: Services, { isLocalAddress, say }: EditionGround, debug: number): ScriptHost {
  const { local, relay, clock, transport } = services;
  return {
    isMyself: (host, port) => local.isMyself(host, port),
    isLocalAddress,
    socket: ({ protocol, host, port }) =>
      transport.points.find(
        (point) =>
          (protocol === undefined || point.protocol === protocol) &&
          point.address === bareHost(host) &&
          (port === 0 || point.port === port),
      ),
    log: (level, text) => say(level, text, debug),
    relay: (run) => relay.relay(run),
    send(text, to) {
      const point = transport.pointFor(to.protocol, to.address);
      if (point === undefined) return false;
      transport.send(text, { ...to, point, connection: undefined });
      return true;
    },
    alias: (connection, port) => transport.alias(connection, port),
    now: () => clock.now(),
    maxLength: MAX_DATAGRAM,
  };
}
