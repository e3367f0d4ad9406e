/**
 * A few connections, opened when they are first needed, each lent to one at a time; those who wait are served in turn.
 *
 * A server that hangs shall not make them wait in any number: beyond MOST_WAITING they are told STORAGE_UNAVAILABLE at once.
 */
import { GatehouseError } from '../platform/errors.ts';

const MOST_WAITING = 10_000;

export interface PoolConnection {
  /** False: it was lost, or is to another server than the one to speak to now. */
  fit(): boolean;
  destroy(): void;
}

interface Waiting<C> {
  resolve(connection: C): void;
  reject(error: unknown): void;
}

export class Pool<C extends PoolConnection> {
  readonly #open: () => Promise<C>;
  readonly #size: number;
  readonly #idle: C[] = [];
  readonly #waiting: Waiting<C>[] = [];
  #taken = 0;
  #ended = false;

  constructor(open: () => Promise<C>, size: number) {
    this.#open = open;
    this.#size = size;
  }

  reserve(): Promise<C> {
    if (this.#ended) return Promise.reject(closed());
    if (this.#waiting.length >= MOST_WAITING) {
      const text = `${MOST_WAITING} questions wait for the database already`;
      return Promise.reject(new GatehouseError('STORAGE_UNAVAILABLE', text));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  release(connection: C): void {
    this.#taken--;
    if (this.#ended) connection.destroy();
    else this.#idle.push(connection);
    this.#serve();
  }

  /** Those that are lent out end when they come back. */
  end(): void {
    this.#ended = true;
    for (const connection of this.#idle.splice(0)) connection.destroy();
    for (const one of this.#waiting.splice(0)) one.reject(closed());
  }

  #serve(): void {
    while (this.#taken < this.#size) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#taken++;
      this.#connection().then(next.resolve, (error) => {
        this.#taken--;
        next.reject(error);
        this.#serve();
      });
    }
  }

  async #connection(): Promise<C> {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) {
      if (idle.fit()) return idle;
      idle.destroy();
    }
    return this.#open();
  }
}

function closed(): Error {
  return new Error('the database is closed');
}
