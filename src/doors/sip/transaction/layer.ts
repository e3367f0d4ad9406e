/**
 * The transaction layer: makes transactions, finds the one a message belongs to, and forgets them when they end.
 *
 * Those that are over are kept for repetitions, most of them for 32 seconds, while there is room; then the oldest go first.
 *
 * Errors: OVERLOADED when `maxTransactions` run or `maxCharacters` are held (the CANCEL of a running INVITE is let through).
 * Source: RFC 3261 sections 9.2, 17.1.3 and 17.2.3.
 */
import { keyedHash } from '../../../core/limits/keyed-hash.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { Timer, type TimerWheel } from '../../../platform/timer-wheel.ts';
import { detach, type SipMessage } from '../message/message.ts';
import { parseMessage } from '../message/parse.ts';
import { replyTarget } from '../message/reply.ts';
import type { Source, Target, Transport } from '../transport/types.ts';
import { BranchSieve } from './branch-sieve.ts';
import { branchMaker } from './branches.ts';
import { Budget } from './budget.ts';
import { Client, INDIFFERENT } from './client.ts';
import { buildCancel } from './derived-request.ts';
import { type Counts, RFC_TIMERS, type TimerValues, type TransactionHost } from './host.ts';
import { clientKey, serverKey } from './keys.ts';
import { Server } from './server.ts';
import { TransactionTable } from './table.ts';
import type { ClientTransaction, ClientUser, ServerTransaction, ServerUser, Transactions } from './types.ts';

export interface TransactionOptions {
  readonly transport: Transport;
  readonly wheel: TimerWheel;
  /** Names this process in every branch; a token without dots. */
  readonly owner: string;
  readonly timers?: TimerValues;
  readonly maxTransactions?: number;
  /** Of requests and responses held. */
  readonly maxCharacters?: number;
  /** Told what a user of a transaction throws when a message could not be sent. */
  readonly onError: (error: unknown) => void;
}

const MAX_TRANSACTIONS = 200_000;
const MAX_CHARACTERS = 256 << 20;

/** Looked at for each one that is made while there is no room: more than it is itself, so that room comes back. */
const LOOKS = 8;

export function createTransactions(options: TransactionOptions): Transactions {
  return new Layer(options);
}

class Layer implements Transactions, TransactionHost {
  readonly transport: Transport;
  readonly wheel: TimerWheel;
  readonly timers: TimerValues;
  readonly newBranch: () => string;
  readonly budget: Budget;
  readonly failed: (error: unknown) => void;
  readonly counts: Counts = {
    servers: 0,
    clients: 0,
    created: 0,
    taken: 0,
    completed: [0, 0, 0, 0, 0, 0, 0],
    retransmissionsIn: 0,
    retransmissionsOut: 0,
    timeouts: 0,
    strays: 0,
  };
  readonly #max: number;
  readonly #servers = new TransactionTable<Server>();
  readonly #serverBranches = new BranchSieve();
  readonly #clients = new TransactionTable<Client>();
  #drained: (() => void)[] = [];
  /** The request whose key was made last. */
  #keyed: SipMessage | undefined;
  #keyedMethod = '';
  #key: string | undefined;

  constructor(options: TransactionOptions) {
    this.transport = options.transport;
    this.wheel = options.wheel;
    this.timers = options.timers ?? RFC_TIMERS;
    this.newBranch = branchMaker(options.owner);
    this.#max = options.maxTransactions ?? MAX_TRANSACTIONS;
    this.budget = new Budget(options.maxCharacters ?? MAX_CHARACTERS);
    this.failed = options.onError;
  }

  get stats(): Readonly<Counts> {
    return this.counts;
  }

  waiting(): number {
    let count = 0;
    for (const { status } of this.#servers.values()) if (status >= 200) count++;
    return count;
  }

  servers(): Iterable<Server> {
    return this.#servers.values();
  }

  find(request: SipMessage): Server | undefined {
    const isAck = request.method === 'ACK';
    const server = this.#server(request, isAck ? 'INVITE' : request.method);
    return isAck && server?.accepted ? undefined : server;
  }

  mayHave(branchHash: number): boolean {
    return this.#serverBranches.has(branchHash);
  }

  findCancelled(cancel: SipMessage): Server | undefined {
    return this.#server(cancel, 'INVITE');
  }

  #server(request: SipMessage, method: string): Server | undefined {
    if (this.#servers.size === 0) return undefined;
    const key = this.#keyOf(request, method);
    return key === undefined ? undefined : this.#servers.get(key);
  }

  /** A new request is looked for by the engine, then by the relay, and at last gets its transaction. */
  #keyOf(request: SipMessage, method: string): string | undefined {
    if (request !== this.#keyed || method !== this.#keyedMethod) {
      this.#keyed = request;
      this.#keyedMethod = method;
      this.#key = serverKey(request, method);
    }
    return this.#key;
  }

  absorb(transaction: ServerTransaction, request: SipMessage): void {
    (transaction as Server).absorb(request);
  }

  createServer(request: SipMessage, source: Source, user: ServerUser | undefined, forceRport = false): Server {
    const key = this.#keyOf(request, request.method);
    if (key === undefined || this.#servers.has(key)) throw new Error('a request without a key, or a retransmission');
    this.#checkRoom(request.raw.length);
    const target = replyTarget(request, source, forceRport);
    // The key outlives the request, which it would keep alive as a slice of it.
    const branchHash = keyedHash(request.via!.branch);
    const server = new Server(this, { key: detach(key), branchHash, request, target }, user);
    this.#servers.add(server);
    this.#serverBranches.add(branchHash);
    this.counts.servers++;
    this.counts.created++;
    this.counts.taken++;
    return server;
  }

  createClient(
    request: { method: string; branch: string; text: string; target: Target; timeoutMs?: number },
    user: ClientUser,
  ): ClientTransaction {
    this.#checkRoom(request.text.length);
    return this.#client(request, user);
  }

  #client(
    request: { method: string; branch: string; text: string; target: Target; timeoutMs?: number },
    user: ClientUser,
  ): Client {
    const client = new Client(this, request, user);
    this.#clients.add(client);
    this.counts.clients++;
    this.counts.created++;
    return client;
  }

  #hasRoom(characters: number): boolean {
    return this.#servers.size + this.#clients.size < this.#max && this.budget.fits(characters);
  }

  #checkRoom(characters: number): void {
    if (this.#hasRoom(characters)) return;
    for (let looks = 0; looks < LOOKS; looks++) this.#forgetOldest();
    if (this.#hasRoom(characters)) return;
    const count = this.#servers.size + this.#clients.size;
    const held = `${count} transactions hold ${this.budget.held} characters`;
    throw new GatehouseError('OVERLOADED', `${held}, and no more are taken on`, {
      hint: 'answer 503 with Retry-After; if the machine has room, raise the limit of transactions or characters',
    });
  }

  /** Goes round and round over all, in the order they were made. */
  #forgetOldest(): void {
    this.#servers.look()?.forget();
    this.#clients.look()?.forget();
  }

  sendCancel(invite: ClientTransaction): void {
    const request = parseMessage(invite.text);
    if (request === undefined) return;
    const { branch, target } = invite;
    // Its own outcome changes nothing: the INVITE's final response or its timer B decides.
    this.#client({ method: 'CANCEL', branch, text: buildCancel(request), target }, INDIFFERENT);
  }

  onResponse(response: SipMessage): boolean {
    const branch = response.via?.branch;
    const method = response.cseq?.method;
    const client = branch && method ? this.#clients.get(clientKey(method, branch)) : undefined;
    if (client === undefined) this.counts.strays++;
    else client.onResponse(response);
    return client !== undefined;
  }

  clientEnded(client: Client): void {
    this.#clients.remove(client);
    this.counts.clients--;
    this.#tellDrained();
  }

  serverEnded(server: Server): void {
    this.#servers.remove(server);
    this.#serverBranches.remove(server.branchHash);
    this.counts.servers--;
    this.#tellDrained();
  }

  drain(withinMs: number): Promise<void> {
    if (this.#isEmpty) return Promise.resolve();
    return new Promise((resolve) => {
      const limit = new Timer({ onTimer: () => resolve() });
      this.wheel.start(limit, withinMs);
      this.#drained.push(() => {
        this.wheel.stop(limit);
        resolve();
      });
    });
  }

  get #isEmpty(): boolean {
    return this.#servers.size + this.#clients.size === 0;
  }

  #tellDrained(): void {
    if (this.#drained.length === 0 || !this.#isEmpty) return;
    for (const tell of this.#drained.splice(0)) tell();
  }
}
