/**
 * The transaction layer (RFC 3261 section 17, RFC 6026) as the engine and the relay see it. Each of the four machines is a pure
 * `step` function in a file of its own; the transaction objects own timers, sockets and the messages to repeat.
 */
import type { SipMessage } from '../message/message.ts';
import type { ListenPoint, Source, Target } from '../transport/types.ts';
import type { Budget } from './budget.ts';

/** The user of a server transaction. */
export interface ServerUser {
  /** A CANCEL for this INVITE came (`findCancelled`; the engine answers the CANCEL itself and calls this). */
  onCancel(transaction: ServerTransaction): void;
  /** The INVITE's final response was never acknowledged (timer H), or the transport failed. */
  onAbandoned(transaction: ServerTransaction): void;
  /** The request, while it is an INVITE that opens a dialog and nobody has answered. */
  readonly ringing?: RingingRequest | undefined;
  /** Answers such an INVITE in place of those who ring, and cancels them. */
  refuse?(status: number, reason: string): void;
}

/** With the login of who proved to have sent it, and of who is called where that is a user of ours, else ''. */
export interface RingingRequest {
  readonly message: SipMessage;
  readonly source: Source;
  readonly authorised: { readonly ticket: { readonly account: { readonly login: string } } } | undefined;
  readonly called: string;
}

export interface ServerTransaction {
  readonly isInvite: boolean;
  /** Status of the last response sent, 0 = none. */
  readonly status: number;
  readonly terminated: boolean;
  user: ServerUser | undefined;
  /**
   * Sends a whole response (latin1 text). False: a final response was sent already (except that any number of 2xx to an
   * INVITE may follow the first), nothing is sent then.
   */
  respond(status: number, text: string): boolean;
  /**
   * Sends a 2xx to an INVITE that another final response went to before, past the machine and unrepeated (RFC 3261 section 16.7
   * step 5): the callee repeats it until the caller's ACK comes.
   */
  pass(text: string): void;
}

/** The user of a client transaction. */
export interface ClientUser {
  /** A response to pass up: provisional, or the first final one; each 2xx to an INVITE. Never a 100. */
  onResponse(transaction: ClientTransaction, response: SipMessage): void;
  /** Timer B or F ran out: as a 408. An INVITE with a time of its own may have responses yet. */
  onTimeout(transaction: ClientTransaction): void;
  /** The request could not be sent: as a 503. */
  onTransportError(transaction: ClientTransaction, code: string): void;
}

export interface ClientTransaction {
  readonly branch: string;
  readonly method: string;
  readonly target: Target;
  /** The request text as sent; '' once the final response has come or the transaction has ended. */
  readonly text: string;
  /** Status of the last response received, 0 = none. */
  readonly status: number;
  readonly terminated: boolean;
  /**
   * Cancels an INVITE: the CANCEL goes out at once if a provisional response has come, else as soon as one comes (RFC 3261
   * 9.1). No effect after a final response.
   */
  cancel(): void;
}

export interface Transactions {
  /** The server transaction that this request belongs to: a retransmission, or the ACK of a non-2xx. */
  find(request: SipMessage): ServerTransaction | undefined;
  /** False: no request with this branch (keyedHash of it, the topmost) belongs to a server transaction. */
  mayHave(branchHash: number): boolean;
  /** The INVITE server transaction that this CANCEL means. */
  findCancelled(cancel: SipMessage): ServerTransaction | undefined;
  /** Lets an existing transaction absorb a retransmission or ACK. */
  absorb(transaction: ServerTransaction, request: SipMessage): void;
  /** `forceRport`: responses go to the source port whatever the Via says. Errors: OVERLOADED. */
  createServer(
    request: SipMessage,
    source: Source,
    user: ServerUser | undefined,
    forceRport?: boolean,
  ): ServerTransaction;
  /**
   * `text` is the whole request with our Via on top whose branch is `branch`; sends it and repeats it as the machine
   * says. `timeoutMs`: in place of timer B or F (32 s); an INVITE's ends with the first provisional response, and one that comes
   * later, within timer B, is answered by a CANCEL. Errors: OVERLOADED.
   */
  createClient(
    request: { method: string; branch: string; text: string; target: Target; timeoutMs?: number },
    user: ClientUser,
  ): ClientTransaction;
  /** A branch that is unique, names the owner process and begins with the magic cookie. */
  newBranch(): string;
  /** Hands a response to its client transaction; false: there is none. */
  onResponse(response: SipMessage, point: ListenPoint): boolean;
  readonly stats: TransactionStats;
  servers(): Iterable<ServerTransaction>;
  /** Server transactions that had their final response and wait for repetitions. Counts them all: not for every packet. */
  waiting(): number;
  /** What transactions hold, and their users besides: beyond it new ones are refused. */
  readonly budget: Budget;
  /** Resolves when no transaction is left, or after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

export interface TransactionStats {
  readonly servers: number;
  readonly clients: number;
  readonly created: number;
  /** Server transactions among those created. */
  readonly taken: number;
  /** Server transactions that had a final response, by its class: index 2 = 2xx … 6 = 6xx. */
  readonly completed: number[];
  readonly retransmissionsIn: number;
  readonly retransmissionsOut: number;
  readonly timeouts: number;
  /** Responses that belong to no transaction. */
  readonly strays: number;
}
