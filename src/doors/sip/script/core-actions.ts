/**
 * The functions that need no module: logging, flags, the Request-URI and its branches. One entry per function; a core
 * function not listed here is told to be unsupported, not unknown, when its name stands in NOT_YET.
 */
import type { Branch, Run } from '../run.ts';
import type { ScriptHost } from './host.ts';
import { type Rewrite, rewrites, rewriteUri } from './rewrite-uri.ts';
import type { Argument } from './syntax.ts';
import type { Call } from './types.ts';

export interface CoreAction {
  /** The kinds of arguments it takes, one list for each form. */
  readonly forms: readonly (readonly ('string' | 'number')[])[];
  /** A complaint about the arguments, or undefined. */
  readonly check?: (args: readonly Argument[]) => string | undefined;
  bind(args: readonly Argument[], host: ScriptHost): Call;
}

/** The Request-URI and the copies of it that may be made; SER's limit. */
const MOST_BRANCHES = 12;
const DEFAULT_LOG_LEVEL = 4;

const flag = (bind: (bit: number) => Call): CoreAction => ({
  forms: [['number']],
  check: ([n]) => (n!.value >= 0 && n!.value <= 31 ? undefined : `flags are 0 to 31, not ${n!.text}`),
  bind: ([n]) => bind((1 << n!.value) | 0),
});

const uriPart = (rewriteTo: (text: string) => Rewrite, check?: (text: string) => string | undefined): CoreAction => ({
  forms: [['string']],
  check: ([text]) =>
    /[\s<>"\0]/.test(text!.text) ? 'no part of a URI holds blanks, quotes or angle brackets' : check?.(text!.text),
  bind: ([text]) => rewriteWith(rewriteTo(text!.text)),
});

const userCut = (rewriteTo: (count: number) => Rewrite): CoreAction => ({
  forms: [['number']],
  check: ([n]) => (n!.value >= 0 ? undefined : 'the count must not be negative'),
  bind: ([n]) => rewriteWith(rewriteTo(n!.value)),
});

function rewriteWith(rewrite: Rewrite): Call {
  return (run) => {
    const uri = rewriteUri(run.uri, rewrite);
    if (uri === undefined) return -1;
    run.uri = uri;
    return 1;
  };
}

const hostCheck = (text: string) =>
  text === '' || /[;?@/]/.test(text) ? 'a host name or address is wanted' : undefined;
const portCheck = (text: string) =>
  /^\d{0,5}$/.test(text) && Number(text) <= 65535 ? undefined : 'a port is 1 to 65535';

const setUri: CoreAction = {
  forms: [['string']],
  check: ([uri]) =>
    /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"\0]+$/.test(uri!.text) ? undefined : 'a whole URI is wanted, such as sip:host',
  bind:
    ([uri]) =>
    (run) => {
      run.uri = uri!.text;
      return 1;
    },
};

const appendBranch: CoreAction = {
  forms: [[], ['string']],
  check: ([uri]) => (uri ? setUri.check!([uri]) : undefined),
  bind:
    ([uri]) =>
    (run) => {
      run.branches ??= [];
      const { branches } = run;
      if (branches.length >= MOST_BRANCHES - 1) return -1;
      branches.push(branchOf(run, uri?.text));
      return 1;
    },
};

function branchOf(run: Run, uri: string | undefined): Branch {
  if (uri !== undefined) return { uri, destination: undefined, path: undefined };
  return { uri: run.uri, destination: run.destination, path: run.path };
}

const setFlag = (bit: number): Call => {
  return (run) => {
    run.flags |= bit;
    return 1;
  };
};

const resetFlag = (bit: number): Call => {
  return (run) => {
    run.flags &= ~bit;
    return 1;
  };
};

const revertUri: CoreAction = {
  forms: [[]],
  bind: () => (run) => {
    run.uri = run.message.uri;
    return 1;
  },
};

const forceRport: CoreAction = {
  forms: [[]],
  bind: () => (run) => {
    run.forceRport = true;
    return 1;
  },
};

const log: CoreAction = {
  forms: [['string'], ['number', 'string']],
  bind: (args, host) => {
    const level = args.length === 2 ? args[0]!.value : DEFAULT_LOG_LEVEL;
    const text = args.at(-1)!.text;
    return () => {
      host.log(level, text);
      return 1;
    };
  },
};

const host = uriPart(rewrites.host, hostCheck);
const hostPort = uriPart(rewrites.hostPort, (text) =>
  /^(\[[^\]]+\]|[^:;?@/]+)(:\d{1,5})?$/.test(text) ? undefined : 'host:port is wanted',
);
const port = uriPart(rewrites.port, portCheck);
const user = uriPart(rewrites.user);
const userPassword = uriPart(rewrites.userPassword);

export const CORE_ACTIONS: ReadonlyMap<string, CoreAction> = new Map<string, CoreAction>([
  ['log', log],
  ['setflag', flag(setFlag)],
  ['resetflag', flag(resetFlag)],
  ['isflagset', flag((bit) => (run) => ((run.flags & bit) === 0 ? -1 : 1))],
  ['force_rport', forceRport],
  ['add_rport', forceRport],
  ...['rewritehost', 'sethost', 'seth'].map((name) => [name, host] as const),
  ...['rewritehostport', 'sethostport', 'sethp'].map((name) => [name, hostPort] as const),
  ...['rewriteport', 'setport', 'setp'].map((name) => [name, port] as const),
  ...['rewriteuser', 'setuser', 'setu'].map((name) => [name, user] as const),
  ...['rewriteuserpass', 'setuserpass', 'setup'].map((name) => [name, userPassword] as const),
  ...['rewriteuri', 'seturi'].map((name) => [name, setUri] as const),
  ['revert_uri', revertUri],
  ['prefix', uriPart(rewrites.prefix)],
  ['strip', userCut(rewrites.strip)],
  ['strip_tail', userCut(rewrites.stripTail)],
  ['append_branch', appendBranch],
]);

/** Core functions of SER and OpenSER that do not run yet. */
export const NOT_YET: ReadonlySet<string> = new Set([
  ...['forward', 'forward_udp', 'forward_tcp', 'forward_tls', 'send', 'send_tcp', 'error', 'exec'],
  ...['force_tcp_alias', 'set_advertised_address', 'set_advertised_port', 'force_send_socket'],
  ...[
    'setdsturi',
    'resetdsturi',
    'isdsturiset',
    'setbflag',
    'resetbflag',
    'isbflagset',
    'setsflag',
    'resetsflag',
    'issflagset',
  ],
  ...['serialize_branches', 'next_branches', 'use_blacklist', 'pv_printf', 'setdebug', 'force_local_rport'],
]);
