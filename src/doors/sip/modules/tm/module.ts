/** tm: passes requests on with state, by the door's relay, and lets the script see what becomes of them. */
import type { Run } from '../../run.ts';
import { Pattern } from '../../script/pattern.ts';
import type { Call, FunctionBody, SipModule } from '../../script/types.ts';
import type { Relay, Services } from '../../services.ts';
import type { Transactions } from '../../transaction/types.ts';
import { replyThrough } from '../reply-through.ts';
import { isFlags, proxyUri, TM_ABSENT, TM_FUNCTIONS } from './functions.ts';
import { TM_PARAMETERS } from './parameters.ts';

/** t_relay's flag: no 100 is sent. */
const NO_TRYING = 1;

export const tm: SipModule = {
  name: 'tm',
  describe: 'Passes requests on to their next hops and their answers back.',
  needs: [],
  parameters: TM_PARAMETERS,
  functions: TM_FUNCTIONS,
  absent: TM_ABSENT,
  build(_parameters, services) {
    const { relay, transactions } = services;
    const belonging: FunctionBody = () => (run) => (belongs(run, transactions) ? 1 : -1);
    const to = (protocol: string) => (host: string, port: string) => relayTo(services, `${protocol}${host}:${port}`);
    return {
      functions: {
        t_relay: (...args) => relaying(services, args),
        t_relay_to_udp: (host, port) => to('udp:')(host!, port!),
        t_relay_to_tcp: (host, port) => to('tcp:')(host!, port!),
        t_relay_to_tls: (host, port) => to('tls:')(host!, port!),
        t_forward_nonack: (host, port) => to('')(host!, port!),
        t_forward_nonack_udp: (host, port) => to('udp:')(host!, port!),
        t_forward_nonack_tcp: (host, port) => to('tcp:')(host!, port!),
        t_forward_nonack_tls: (host, port) => to('tls:')(host!, port!),
        t_forward_nonack_uri: () => (run) => relay.relay(run),
        t_replicate: (place, port) => replicating(relay, port === undefined ? place! : proxyUri(`${place}:${port}`)),
        t_replicate_udp: (host, port) => replicating(relay, proxyUri(`udp:${host}:${port}`)),
        t_replicate_tcp: (host, port) => replicating(relay, proxyUri(`tcp:${host}:${port}`)),
        t_replicate_tls: (host, port) => replicating(relay, proxyUri(`tls:${host}:${port}`)),
        t_on_failure: (text) => arming('onFailure', Number(text)),
        t_on_reply: (text) => arming('onReply', Number(text)),
        t_on_branch: (text) => arming('onBranch', Number(text)),
        t_newtran: () => (run) => relay.begin(run),
        t_release: () => () => 1,
        t_flush_flags: () => () => 1,
        t_check_status: (text) => statusCheck(text!),
        t_check_trans: belonging,
        t_lookup_request: belonging,
        t_retransmit_reply: () => () => -1,
        t_was_cancelled: () => (run) => (run.call?.cancelled ? 1 : -1),
        t_local_replied: (which) => (run) => (run.call?.repliedLocally(which as 'branch') ? 1 : -1),
      },
      texts: {
        t_reply: (status, reason) => (run) => replyThrough(run, Number(status!.constant), reason!.read(run)),
      },
    };
  },
};

function arming(what: 'onFailure' | 'onReply' | 'onBranch', number: number): Call {
  return (run) => {
    run[what] = number;
    return 1;
  };
}

/** `t_relay()`, `t_relay("flags")`, `t_relay("proto:host:port")`, `t_relay("flags", "proto:host:port")`. */
function relaying(services: Services, args: readonly string[]): Call {
  const { relay } = services;
  const flags = args[0] !== undefined && isFlags(args[0]) ? Number(args[0]) : undefined;
  const proxy = flags === undefined ? args[0] : args[1];
  const call: Call = proxy === undefined ? (run) => relay.relay(run) : relayTo(services, proxy);
  if (((flags ?? 0) & NO_TRYING) === 0) return call;
  return (run) => {
    run.noTrying = true;
    return call(run);
  };
}

/** The next hop of every branch is what is given, for this time alone. */
function relayTo({ relay }: Services, proxy: string): Call {
  const uri = proxyUri(proxy);
  return (run) => {
    run.proxy = uri;
    const result = relay.relay(run);
    // One that waits for a name still needs it.
    if (!run.waiting) run.proxy = undefined;
    return result;
  };
}

/** An INVITE would be answered, and nobody would acknowledge that. */
function replicating(relay: Relay, uri: string): Call {
  return (run) => {
    const { method } = run.message;
    if (method === 'INVITE' || method === 'ACK' || method === 'CANCEL') return -1;
    return relay.replicate(run, uri);
  };
}

function statusCheck(text: string): Call {
  const pattern = new Pattern(text);
  return (run) => {
    const status = run.message.status || (run.call?.replyStatus ?? run.transaction?.status ?? 0);
    return pattern.test(String(status)) ? 1 : -1;
  };
}

/** Retransmissions and the ACKs of failed INVITEs are absorbed before the script, so what is left to find is a CANCEL's INVITE. */
function belongs({ message }: Run, transactions: Transactions): boolean {
  return message.method === 'CANCEL' && transactions.findCancelled(message) !== undefined;
}
