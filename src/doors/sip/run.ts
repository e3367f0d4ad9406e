/**
 * One request on its way through the script: the message as it came, what the script has changed so far, and the place
 * where the script stands. Lives from the first statement to the last; what outlives it (a relayed request) is the
 * transaction's.
 */

import type { Ticket } from '../../core/gate/types.ts';
import { Edits } from './message/edits.ts';
import type { SipMessage } from './message/message.ts';
import { parseUri, type SipUri } from './message/uri.ts';
import type { RouteKey, RouteKind } from './script/route-kinds.ts';
import type { AvpList, AvpName } from './script/values/avps.ts';
import { WAIT } from './script/wait.ts';
import type { ServerTransaction } from './transaction/types.ts';
import type { Advertised } from './transport/point.ts';
import type { ListenPoint, Source } from './transport/types.ts';

/** Where one copy of the request shall go. */
export interface Branch {
  /** Its Request-URI. */
  readonly uri: string;
  /** URI of the next hop if that is not the Request-URI (SER's dst_uri: received, first Route). */
  readonly destination: string | undefined;
  /** Route header values to push on top (Path), comma separated. */
  readonly path: string | undefined;
  /** Its preference in thousandths; absent or negative: none. */
  readonly q?: number;
  /** Its branch flags; absent: those of the request. */
  readonly flags?: number;
  /** The socket to send it from, where it can; absent: as the request. */
  readonly sendFrom?: ListenPoint | undefined;
  /** What its branch_route changed; absent: as the request. */
  readonly made?: BranchChanges;
}

/** What a branch_route left behind for its branch. */
export interface BranchChanges {
  readonly edits: Edits;
  readonly recordRoute: RecordRoute | undefined;
  readonly flags: number;
  /** Number of the onreply_route for this branch alone, 0 = the request's. */
  readonly onReply: number;
}

/** Our Record-Route, written for each place that the request is sent to, since it names the socket there. */
export interface RecordRoute {
  /**
   * Whole lines with CRLF, or ''. `inside`: the socket the request came in on, `outside`: the one it leaves by; `secure`: its
   * Request-URI is of sips.
   */
  lines(inside: ListenPoint, outside: ListenPoint, secure: boolean): string;
}

/** The relayed request that a failure or reply route runs for. */
export interface RelayedRequest {
  /** Of the reply that the route runs for. */
  readonly replyStatus: number;
  /** The caller gave up. */
  readonly cancelled: boolean;
  /** Whether the reply, the last one, or those of all branches were made here. */
  repliedLocally(which: 'branch' | 'last' | 'all'): boolean;
}

/** Credentials that were verified in this message. */
export interface Authorised {
  /** Index of the Authorization or Proxy-Authorization header. */
  readonly header: number;
  /** As the client wrote it, and its part before `@`. */
  readonly username: string;
  readonly user: string;
  readonly realm: string;
  readonly ticket: Ticket;
}

/** What the engine does for a run; the run knows no more of it. */
export interface RunHost {
  /** Sends a reply built from the request, statelessly or through its transaction. False: a final one was sent already, or it cannot be sent. */
  reply(run: Run, status: number, reason: string, headers: string): boolean;
  /** The run waits for the first time, or again. */
  suspended(run: Run): void;
  /** Goes on where the run stood. */
  resumed(run: Run, result: number): void;
}

/**
 * What a script's edition wants to know of the requests that it has flagged: module acc. Told on a message's way, so it neither waits
 * nor throws. `reply` undefined: it was made here.
 */
export interface Accounts {
  /** The flags of the message of which one makes a request worth telling. */
  readonly flags: number;
  /** Provisional replies are wanted, too. */
  readonly early: boolean;
  /** A reply to a request with a transaction has left. */
  replied(run: Run, status: number, reason: string, reply: SipMessage | undefined): void;
  /** All branches have failed, and a failure route has its say now. */
  failed(run: Run, status: number, reason: string, reply: SipMessage | undefined): void;
  /** An ACK goes on. */
  acknowledged(run: Run): void;
}

/** Undefined for a request that has none of the flags. */
export function accountsOf({ edition, flags }: Run): Accounts | undefined {
  const { accounts } = edition;
  return accounts !== undefined && (flags & accounts.flags) !== 0 ? accounts : undefined;
}

/** The script that a run goes by, from its first statement to the last route that it arms. Another may serve meanwhile. */
export interface Edition {
  has(key: RouteKey): boolean;
  /** True: the route came to its end; false: it waits, and `run.onEnd` will be told. */
  start(run: Run, key: RouteKey): boolean;
  /** Goes on with the result of the function that waited; true: the script came to its end. */
  resume(run: Run, result: number): boolean;
  /** OpenSER: a failure route begins with the Request-URI of the branch that failed; SER: with the one relayed. */
  readonly branchUri: boolean;
  readonly timers: RelayTimers;
  readonly accounts?: Accounts | undefined;
}

/** How long the relay waits for the next hop; milliseconds. */
export interface RelayTimers {
  /** Until the first provisional response to an INVITE, or the final one to anything else (fr_timer). */
  readonly response: number;
  /** From a provisional response to an INVITE until the final one (fr_inv_timer; RFC 3261's timer C). */
  readonly invite: number;
  /** Each further provisional response starts `invite` again. */
  readonly restart: boolean;
  /** AVPs that hold other values for one request, in seconds. */
  readonly responseAvp?: AvpName | undefined;
  readonly inviteAvp?: AvpName | undefined;
}

export class Run {
  /** What kind of route it is in. */
  kind: RouteKind = 'request';
  readonly host: RunHost;
  readonly message: SipMessage;
  readonly source: Source;
  /** Set before its first statement. */
  edition!: Edition;
  edits = new Edits();
  recordRoute: RecordRoute | undefined;
  /** The socket to send from, where it can; absent: the one that the request came in on. */
  sendFrom: ListenPoint | undefined;

  /** The current Request-URI. */
  uri: string;
  /** URI of the next hop where it differs from the Request-URI. */
  destination: string | undefined;
  /** What Via and Record-Route name in place of the socket that it leaves by; and its Via asks for rport. */
  advertised: Advertised | undefined;
  localRport = false;
  /** The socket that the contact in the Request-URI was registered over: it goes before `sendFrom`. */
  uriFrom: ListenPoint | undefined;
  /** URI of the next hop of every branch while the request is relayed to a proxy that the script named. */
  proxy: string | undefined;
  /** Route values to push for the first branch (Path). */
  path: string | undefined;
  /** Preference of the Request-URI, as of a branch. */
  q = -1;
  /** What serialize_branches has put aside, the best first. */
  serial: Branch[][] | undefined;
  /** Further branches for parallel forking. */
  branches: Branch[] | undefined;
  /** Message flags (setflag), those of the branch under way (setbflag) and the script's own (setsflag). */
  flags = 0;
  branchFlags = 0;
  scriptFlags = 0;
  /** t_relay shall send no 100. */
  noTrying = false;
  /** The URI of each Contact as the script has corrected them (fix_nated_contact); undefined: as they came. */
  contactUris: readonly string[] | undefined;
  /** `force_rport` was called. */
  forceRport = false;

  /** What t_on_failure, t_on_reply and t_on_branch have armed, 0 = nothing. */
  onFailure = 0;
  onReply = 0;
  onBranch = 0;
  /** In failure and reply routes. */
  call: RelayedRequest | undefined;
  /** In a branch route: the changes of the first branch; else what became of it. */
  made: BranchChanges | undefined;
  /** Told when a route that waited has come to its end; in failure routes. */
  onEnd: ((run: Run) => void) | undefined;
  /** Under which the engine keeps it while it waits, '' = it never did. */
  waitKey = '';

  /** The script's AVPs, which the transaction shares, and its $var(...) by their slots. Made when one is set. */
  avps: AvpList | undefined;
  vars: (string | number)[] | undefined;
  /** What is wrong with the message, for error_route. */
  fault: { readonly status: number; readonly reason: string } | undefined;
  /** Number of the message ($mi), 0 until it is asked for. */
  id = 0;

  authorised: Authorised | undefined;
  /** Login of the user whose contacts lookup() has found, else his address of record; '' = nobody's. */
  called = '';
  /** The nonce was good but has expired: the next challenge says stale=true. */
  stale = false;

  /** What all further replies get besides their own: header lines with CRLF (append_to_reply), and a body with its Content-Type. */
  replyHeaders = '';
  replyBody = '';

  /** Status of the final reply sent, 0 while there is none. */
  finalStatus = 0;
  /** The reply that `sl_reply_error` gives: set by whichever function failed last. */
  errorStatus = 500;
  errorReason = "I'm terribly sorry, server error occurred";
  /** The script said `drop`: the reply or branch it runs for goes no further. */
  discarded = false;
  /** Stops the script silently: the sender is over its limit. */
  dropped = false;
  /** A CANCEL came while the run waited; `t_relay` answers 487 instead of relaying. */
  cancelled = false;
  transaction: ServerTransaction | undefined;
  /** `t_relay` took the request on: what becomes of it is the relay's affair. */
  relayed = false;

  /** Where the script stands: next step, return addresses of route(n), last result. */
  pc = 0;
  readonly frames: number[] = [];
  last = 1;
  waiting = false;
  /** It waited too long: the request was answered, and what would resume it comes too late. */
  abandoned = false;
  /** Result of the last function or route(n), for the script's `retcode`. */
  returned = 1;
  /** Turns of the loop under way, by loop. Made by the first one. */
  turns: number[] | undefined;
  /** Steps taken so far; bounded, so that no script runs for ever. */
  steps = 0;

  constructor(host: RunHost, message: SipMessage, source: Source) {
    this.host = host;
    this.message = message;
    this.source = source;
    this.uri = message.uri;
  }

  /** The current Request-URI taken apart; undefined when it is broken. */
  get requestUri(): SipUri | undefined {
    return this.uri === this.message.uri ? this.message.requestUri : parseUri(this.uri);
  }

  /** Sends a reply; `headers` are whole lines with CRLF. False when a final reply was sent already. */
  reply(status: number, reason: string, headers = ''): boolean {
    if (this.kind === 'reply' || this.kind === 'branch') return false;
    if (!this.host.reply(this, status, reason, headers)) return false;
    if (status >= 200 && this.transaction) accountsOf(this)?.replied(this, status, reason, undefined);
    return true;
  }

  /** Remembers what `sl_reply_error` shall say, and gives the function's result. */
  fail(status: number, reason: string, result = -1): number {
    this.errorStatus = status;
    this.errorReason = reason;
    return result;
  }

  /** For a function that must wait: `return run.suspend()`, and later `run.resume(result)`, never within the call itself. */
  suspend(): typeof WAIT {
    if (this.abandoned) return WAIT;
    if (this.kind === 'reply' || this.kind === 'branch') {
      this.abandoned = true;
      throw new Error(`a function that must wait cannot be used in a ${this.kind} route`);
    }
    this.waiting = true;
    this.host.suspended(this);
    return WAIT;
  }

  resume(result: number): void {
    if (this.abandoned) return;
    if (!this.waiting) throw new Error('a run that does not wait was resumed');
    this.waiting = false;
    this.host.resumed(this, result);
  }

  abandon(): void {
    this.waiting = false;
    this.abandoned = true;
  }
}
