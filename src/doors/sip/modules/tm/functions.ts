/** What tm offers a script, and where. */
import type { RouteKind } from '../../script/route-kinds.ts';
import type { FunctionSpec } from '../../script/types.ts';
import { expression, lineText, statusText } from '../value-checks.ts';

const EVERYWHERE: readonly RouteKind[] = ['request', 'failure', 'reply', 'branch'];
const RELAYS: readonly RouteKind[] = ['request', 'failure'];

const relayed =
  '1: under way, and the caller will get one final answer; -1: nothing could be sent, and sl_reply_error() says why.';

const relayTo = (name: string): FunctionSpec => ({
  name,
  arity: [2],
  routes: RELAYS,
  flow: 'relay',
  describe: `As t_relay, to the host and port given, whatever the Request-URI says. ${relayed}`,
  checkArgument: (index, text) => (index === 0 ? hostText(text) : portText(text)),
});

const replicateTo = (name: string): FunctionSpec => ({
  name,
  arity: [2],
  routes: ['request'],
  describe: 'As t_replicate, to the host and port given.',
  checkArgument: (index, text) => (index === 0 ? hostText(text) : portText(text)),
});

export const TM_FUNCTIONS: readonly FunctionSpec[] = [
  {
    name: 't_relay',
    arity: [0, 1, 2],
    routes: RELAYS,
    flow: 'relay',
    describe:
      'Sends the request to its Request-URI and branches; in a failure route to the branches added there. "proto:host:port" sends ' +
      `them all there; flags in front of it are accepted, 1 sends no 100. ${relayed}`,
    checkArgument: (index, text) => (index === 0 && isFlags(text) ? undefined : proxyText(text)),
  },
  relayTo('t_relay_to_udp'),
  relayTo('t_relay_to_tcp'),
  relayTo('t_relay_to_tls'),
  relayTo('t_forward_nonack'),
  relayTo('t_forward_nonack_udp'),
  relayTo('t_forward_nonack_tcp'),
  relayTo('t_forward_nonack_tls'),
  { name: 't_forward_nonack_uri', arity: [0], routes: RELAYS, flow: 'relay', describe: `As t_relay. ${relayed}` },
  {
    name: 't_replicate',
    arity: [1, 2],
    routes: ['request'],
    describe:
      'Sends a copy of the request to "sip:host:port", or to host and port, for a second registrar; what is answered there goes ' +
      'nowhere. -1: it cannot be sent, or is INVITE, ACK or CANCEL.',
    checkArgument: (index, text, count) =>
      count === 1 ? uriText(text) : index === 0 ? hostText(text) : portText(text),
  },
  replicateTo('t_replicate_udp'),
  replicateTo('t_replicate_tcp'),
  replicateTo('t_replicate_tls'),
  {
    name: 't_on_failure',
    arity: [1],
    routes: EVERYWHERE,
    arms: 'failure',
    describe:
      'Has failure_route[n] run when the request has failed everywhere: once, unless it is armed again. "0": none.',
    checkArgument: routeNumber,
  },
  {
    name: 't_on_reply',
    arity: [1],
    routes: ['request', 'failure', 'branch'],
    arms: 'reply',
    describe: 'Has onreply_route[n] run for each reply; armed in a branch route, for those of this branch. "0": none.',
    checkArgument: routeNumber,
  },
  {
    name: 't_on_branch',
    arity: [1],
    routes: RELAYS,
    arms: 'branch',
    describe: 'Has branch_route[n] run for each branch before it is sent. "0": none.',
    checkArgument: routeNumber,
  },
  {
    name: 't_newtran',
    arity: [0],
    routes: ['request'],
    describe:
      'Makes the transaction that t_reply needs. A script that ends without an answer is then answered 500. -1: there can be none.',
  },
  {
    name: 't_reply',
    arity: [2],
    routes: RELAYS,
    flow: 'answer',
    describe: 'Answers through the transaction; -1: there is none (see t_newtran), or it had its final reply.',
    takesVariables: [1],
    checkArgument: (index, text) => (index === 0 ? statusText(text) : lineText(text)),
  },
  {
    name: 't_release',
    arity: [0],
    routes: ['request'],
    describe: 'Accepted and without effect: a transaction goes when it is done.',
  },
  {
    name: 't_check_status',
    arity: [1],
    routes: EVERYWHERE,
    describe: 'Whether the status matches the expression: of the reply, in a failure route of the reply that won.',
    checkArgument: (_index, text) => expression(text),
  },
  {
    name: 't_check_trans',
    arity: [0],
    routes: ['request'],
    describe:
      '1: the request belongs to a transaction under way, a CANCEL to the INVITE that it means; -1: it does not.',
  },
  {
    name: 't_lookup_request',
    arity: [0],
    routes: ['request'],
    describe: 'As t_check_trans; retransmissions never reach the script.',
  },
  {
    name: 't_retransmit_reply',
    arity: [0],
    routes: ['request'],
    describe: 'Accepted, and -1: retransmissions are answered before the script.',
  },
  {
    name: 't_was_cancelled',
    arity: [0],
    routes: ['failure', 'reply'],
    describe: 'Whether the caller has cancelled.',
  },
  {
    name: 't_local_replied',
    arity: [1],
    routes: ['failure', 'reply'],
    describe: 'Whether the reply ("branch"), the last one ("last"), or those of all branches ("all") were made here.',
    checkArgument: (_index, text) =>
      ['branch', 'last', 'all'].includes(text) ? undefined : `must be "all", "branch" or "last", but is "${text}"`,
  },
  {
    name: 't_flush_flags',
    arity: [0],
    routes: ['request', 'branch'],
    describe: 'Accepted and without effect: flags are always shared with the transaction.',
  },
];

/** Functions of tm that are not there, with the reason. */
export const TM_ABSENT: Readonly<Record<string, string>> = {
  t_write_req: 'no requests are written to a FIFO of another program',
  t_write_unix: 'no requests are written to a socket of another program',
};

export function isFlags(text: string): boolean {
  return /^(0x[0-9a-fA-F]{1,2}|\d{1,2})$/.test(text);
}

function routeNumber(_index: number, text: string): string | undefined {
  return /^\d{1,2}$/.test(text) ? undefined : `must be the number of a route in quotes, but is "${text}"`;
}

function hostText(text: string): string | undefined {
  return /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)$/.test(text)
    ? undefined
    : `must be a host or address, but is "${text}"`;
}

function uriText(text: string): string | undefined {
  return /^sips?:[^\s<>"@]+$/i.test(text) ? undefined : `must be a URI such as "sip:192.0.2.9", but is "${text}"`;
}

function portText(text: string): string | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? undefined : `must be a port, but is "${text}"`;
}

const PROXY = /^(?:(udp|tcp|tls):)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/;

function proxyText(text: string): string | undefined {
  return PROXY.test(text) ? undefined : `must be "proto:host:port" or flags, but is "${text}"`;
}

/** The URI that "proto:host:port" means. */
export function proxyUri(text: string): string {
  const [, protocol, host, port] = PROXY.exec(text)!;
  return `sip:${host}${port ? `:${port}` : ''}${protocol ? `;transport=${protocol}` : ''}`;
}
