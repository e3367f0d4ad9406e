/** Stand-ins for the modules and messages that tests of the script need. */
import type { Run } from '../run.ts';
import type { ListenPoint } from '../transport/types.ts';
import type { ScriptHost } from './host.ts';
import type { BuiltModule, Call, FunctionSpec, ParameterSpec, SipModule } from './types.ts';

const FLOWS: Readonly<Record<string, Pick<FunctionSpec, 'flow' | 'ends'>>> = {
  t_relay: { flow: 'relay' },
  save: { flow: 'store' },
  lookup: { flow: 'target' },
  loose_route: { flow: 'dialog' },
  sl_send_reply: { flow: 'answer' },
  www_authorize: { flow: 'sender' },
  proxy_authorize: { flow: 'sender' },
  www_challenge: { ends: true },
  proxy_challenge: { ends: true },
};

type Functions = Record<string, readonly number[]>;

function fakeModule(
  name: string,
  functions: Functions,
  parameters: Record<string, string | number | null> = {},
  needs: string[] = [],
): SipModule {
  const specs = Object.entries(functions).map(
    ([functionName, arity]): FunctionSpec => ({
      name: functionName,
      arity,
      routes: ['request'],
      ...FLOWS[functionName],
      describe: `${functionName} of the test`,
    }),
  );
  const parameterSpecs = Object.entries(parameters).map(
    ([parameter, value]): ParameterSpec => ({
      name: parameter,
      type: typeof value === 'number' ? 'int' : 'string',
      default: value,
      describe: 'for tests',
    }),
  );
  return {
    name,
    describe: 'for tests',
    needs,
    parameters: parameterSpecs,
    functions: specs,
    build: () => ({ functions: {} }),
  };
}

const list = [
  fakeModule('mysql', {}),
  fakeModule('sl', { sl_send_reply: [2], sl_reply_error: [0] }),
  fakeModule('tm', { t_relay: [0] }, { fr_timer: 30 }),
  fakeModule('rr', { record_route: [0], loose_route: [0] }, { enable_full_lr: 0 }),
  fakeModule('maxfwd', { mf_process_maxfwd_header: [1] }),
  fakeModule('usrloc', {}, { db_mode: 0, db_url: '' }),
  fakeModule('registrar', { save: [1], lookup: [1] }, {}, ['usrloc']),
  fakeModule('auth', { www_challenge: [2], proxy_challenge: [2], consume_credentials: [0] }, { secret: null }),
  fakeModule(
    'auth_db',
    { www_authorize: [2], proxy_authorize: [2] },
    { calculate_ha1: 0, password_column: 'ha1', db_url: '' },
    ['auth'],
  ),
  fakeModule('uri_db', { check_to: [0], check_from: [0] }, { db_url: '' }),
  fakeModule('trace', { f: [0, 1, 2] }),
];

export const fakeModules: ReadonlyMap<string, SipModule> = new Map(list.map((module) => [module.name, module]));

/** All fake modules built, every function being the one given, told its name and arguments. */
export function buildFakes(
  body: (name: string, args: readonly string[], run: Run) => number,
): Map<string, BuiltModule> {
  const build = (module: SipModule): BuiltModule => {
    const functions = module.functions.map(({ name }) => [
      name,
      (...args: string[]): Call =>
        (run) =>
          body(name, args, run),
    ]);
    return { functions: Object.fromEntries(functions) };
  };
  return new Map(list.map((module) => [module.name, build(module)]));
}

/** The one socket that scripts can name. */
export const SECOND: ListenPoint = {
  protocol: 'udp',
  address: '192.0.2.14',
  port: 5060,
  family: 4,
  name: 'udp:192.0.2.14:5060',
  hostPort: '192.0.2.14:5060',
};

export function fakeHost(logged: string[] = []): ScriptHost {
  return {
    isMyself: (host, port) => host === 'me.example' && (port === 0 || port === 5060),
    isLocalAddress: (address) => address === '127.0.0.1',
    socket: ({ protocol, host }) => (host === '192.0.2.14' && protocol !== 'tcp' ? SECOND : undefined),
    log: (level, text) => void logged.push(`${level} ${text}`),
    relay: () => 1,
    send: (text, { protocol, address, port }) => {
      logged.push(`${protocol} ${address} ${port} ${text.split(' ')[0]}`);
      return !address.includes(':');
    },
    alias: (_connection, port) => port !== 9,
    now: () => Date.UTC(2007, 11, 14, 10, 11, 12),
    maxLength: 65535,
  };
}
