/**
 * A copy of a request for another server (t_replicate), usually a second registrar: sent with a transaction of its own, so that it is
 * repeated until it is heard; what is answered concerns nobody. The request's own way does not wait for it.
 */
import { NamesWait } from '../../resolve/names-wait.ts';
import type { ClientUser, Transactions } from '../../transaction/types.ts';
import { type BranchRequest, isOverload, writeRequest } from './call-branch.ts';
import { HopFault, type Targets } from './next-hop.ts';

export interface ReplicaParts {
  readonly transactions: Transactions;
  /** Where it goes; undefined: the waiter will be told. */
  findHops(waiter: NamesWait): Targets | HopFault | undefined;
  /** Of what runs outside of a script. */
  failed(error: unknown): void;
}

export class Replica extends NamesWait implements ClientUser {
  readonly #parts: ReplicaParts;
  readonly #request: BranchRequest;
  #held = 0;

  constructor(parts: ReplicaParts, request: BranchRequest, sender: string, patienceMs: number) {
    super(sender, patienceMs);
    this.#parts = parts;
    this.#request = request;
  }

  /** Undefined: it is under way. */
  send(): HopFault | undefined {
    const { transactions } = this.#parts;
    const hops = this.#parts.findHops(this);
    if (hops instanceof HopFault) return hops;
    if (hops === undefined || this.isOpen) {
      if (this.#held === 0) this.#hold(this.#request.rest.length);
      return undefined;
    }
    const [target] = hops;
    const branch = transactions.newBranch() + this.#request.mark;
    const text = writeRequest(this.#request, target.point!, branch);
    try {
      transactions.createClient({ method: this.#request.method, branch, text, target }, this);
    } catch (error) {
      if (!isOverload(error)) throw error;
    }
    return undefined;
  }

  protected answered(): void {
    this.#hold(-this.#held);
    try {
      this.send();
    } catch (error) {
      this.#parts.failed(error);
    }
  }

  #hold(characters: number): void {
    this.#held += characters;
    this.#parts.transactions.budget.change(characters);
  }

  onResponse(): void {}

  onTimeout(): void {}

  onTransportError(): void {}
}
