/**
 * The functions that need no module: logging, flags, the Request-URI and its branches. One entry per function; a core
 * function not listed here is told to be unsupported, not unknown, when its name stands in CORE_ABSENT.
 */
import type { Branch, Run } from '../run.ts';
import { addBranch } from './branch-set.ts';
import type { CoreAction } from './core-action.ts';
import { FLAG_ACTIONS } from './flag-actions.ts';
import { FORCE_SEND_SOCKET } from './force-send-socket.ts';
import { FORWARD_ACTIONS } from './forward-actions.ts';
import { type Rewrite, rewrites, rewriteUri } from './rewrite-uri.ts';
import { SEND_ACTIONS } from './send-actions.ts';
import { SERIAL_ACTIONS } from './serial-actions.ts';
import { FORCE_TCP_ALIAS } from './tcp-alias.ts';
import type { Call } from './types.ts';
import { bindText } from './values/format.ts';
import { findVariable } from './values/variables.ts';
import { VIA_ACTIONS } from './via-actions.ts';

const DEFAULT_LOG_LEVEL = 4;
const ERROR_LOG_LEVEL = -1;

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
  forms: [[], ['string'], ['string', 'string'], ['string', 'number']],
  check: (args, scope) =>
    args[1] && !/^(0(\.\d{0,3})?|1(\.0{0,3})?|-1)$/.test(args[1].text)
      ? `a q is 0 to 1, not ${args[1].text}`
      : args.length > 0
        ? setUri.check!(args, scope)
        : undefined,
  bind:
    ([uri, q]) =>
    (run) =>
      addBranch(run, branchOf(run, uri?.text, q && Math.round(Number(q.text) * 1000))) ? 1 : -1,
};

function branchOf(run: Run, uri: string | undefined, q: number | undefined): Branch {
  if (q !== undefined) return { uri: uri!, destination: undefined, path: undefined, q };
  if (uri !== undefined) return { uri, destination: undefined, path: undefined };
  return { uri: run.uri, destination: run.destination, path: run.path, sendFrom: run.uriFrom };
}

const revertUri: CoreAction = {
  forms: [[]],
  bind: () => (run) => {
    run.uri = run.message.uri;
    return 1;
  },
};

const setDestination: CoreAction = {
  ...setUri,
  bind:
    ([uri]) =>
    (run) => {
      run.destination = uri!.text;
      return 1;
    },
};

const resetDestination: CoreAction = {
  forms: [[]],
  bind: () => (run) => {
    run.destination = undefined;
    return 1;
  },
};

const isDestinationSet: CoreAction = {
  forms: [[]],
  bind: () => (run) => (run.destination === undefined ? -1 : 1),
};

/** pv_printf($var(x), "text with $variables"): gives a variable a text. */
const print: CoreAction = {
  forms: [['variable', 'string']],
  check([target, text], scope) {
    const variable = findVariable(target!.text, scope);
    if ('message' in variable) return variable.message;
    if (!variable.write) return `${target!.text} cannot be assigned to`;
    const made = bindText(text!.text, scope);
    return 'message' in made ? made.message : undefined;
  },
  bind([target, text], scope) {
    const variable = findVariable(target!.text, scope);
    const made = bindText(text!.text, scope);
    if ('message' in variable || 'message' in made) throw new Error('the arguments were not checked');
    return (run) => (variable.write!(run, made.read(run), true) ? 1 : -1);
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
  bind: (args, { host }) => {
    const level = args.length === 2 ? args[0]!.value : DEFAULT_LOG_LEVEL;
    const text = args.at(-1)!.text;
    return () => {
      host.log(level, text);
      return 1;
    };
  },
};

/** As SER's: the texts are written down, and nothing else happens. */
const error: CoreAction = {
  forms: [['string', 'string']],
  bind:
    ([level, text], { host }) =>
    () => {
      host.log(ERROR_LOG_LEVEL, `${level!.text}: ${text!.text}`);
      return 1;
    },
};

/** Accepted and without effect: how much is logged is said in the configuration, for all processes and until it is changed. */
const setDebug: CoreAction = { forms: [[], ['number']], bind: () => () => 1 };

const host = uriPart(rewrites.host, hostCheck);
const hostPort = uriPart(rewrites.hostPort, (text) =>
  /^(\[[^\]]+\]|[^:;?@/]+)(:\d{1,5})?$/.test(text) ? undefined : 'host:port is wanted',
);
const port = uriPart(rewrites.port, portCheck);
const user = uriPart(rewrites.user);
const userPassword = uriPart(rewrites.userPassword);

export const CORE_ACTIONS: ReadonlyMap<string, CoreAction> = new Map<string, CoreAction>([
  ['log', log],
  ['error', error],
  ['setdebug', setDebug],
  ...FLAG_ACTIONS,
  ...SERIAL_ACTIONS,
  ...FORWARD_ACTIONS,
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
  ['force_send_socket', FORCE_SEND_SOCKET],
  ['force_tcp_alias', FORCE_TCP_ALIAS],
  ['add_tcp_alias', FORCE_TCP_ALIAS],
  ...VIA_ACTIONS,
  ...SEND_ACTIONS,
  ['setdsturi', setDestination],
  ['resetdsturi', resetDestination],
  ['isdsturiset', isDestinationSet],
  ['pv_printf', print],
  ['avp_printf', print],
]);

/** Core functions of SER and OpenSER that are not there, with what to do. */
export const CORE_ABSENT: Readonly<Record<string, string>> = {
  exec: 'a script starts no programs; have one follow the log or the table of acc',
  use_blacklist: 'remove it; servers that do not answer are passed over by themselves for a while',
};
