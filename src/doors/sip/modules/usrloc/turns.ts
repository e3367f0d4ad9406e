/**
 * One change at a time for each address of record. A change that must wait until it is durable holds the AOR's turn; what
 * comes for the same AOR meanwhile waits and is then judged by what memory holds, so that all end in the order of their
 * commits.
 */
import { keyedHash } from '../../../../core/limits/keyed-hash.ts';
import { PassingMap } from '../../../../platform/passing-map.ts';

const QUEUE = 16;

export interface Turn {
  readonly aor: string;
  /** Link of the queue; the queue's own. */
  nextTurn: Turn | undefined;
  /** It is this one's turn now; it holds it until it calls `finish`. */
  begin(): void;
}

export class Turns {
  readonly #holders = new PassingMap<Turn>(keyedHash);
  /** The AORs whose turns ended since somebody began to write them down here. */
  ended: Set<string> | undefined;

  isTaken(aor: string): boolean {
    return this.#holders.has(aor);
  }

  /** Takes a turn that is not taken. */
  hold(turn: Turn): void {
    this.#holders.set(turn.aor, turn);
  }

  /** Waits for a turn that is taken; false: too many wait already. */
  queue(turn: Turn): boolean {
    let last = this.#holders.get(turn.aor)!;
    let length = 0;
    for (; last.nextTurn; length++) last = last.nextTurn;
    if (length === QUEUE) return false;
    last.nextTurn = turn;
    return true;
  }

  /** Gives the turn back; the next one begins at once. */
  finish(turn: Turn): void {
    const next = turn.nextTurn;
    turn.nextTurn = undefined;
    this.ended?.add(turn.aor);
    if (next === undefined) {
      this.#holders.delete(turn.aor);
      return;
    }
    this.#holders.set(turn.aor, next);
    next.begin();
  }
}
