/**
 * Which server of a database is spoken to, where its address names several: the first that works, until it fails. All
 * connections to that database share the choice, so that reads go where the writes go.
 *
 * A server that refuses writes (a standby) is taken only where there is no other: reading goes on then.
 */
import type { Place } from './url.ts';

export interface Connected {
  /** What may be asked only where there is a choice. */
  readonly writable: boolean;
  destroy(): void;
}

export class Servers {
  readonly #places: readonly Place[];
  #current = 0;

  constructor(places: readonly Place[]) {
    this.#places = places;
  }

  /** Is this the server to speak to? */
  isCurrent(place: Place): boolean {
    return this.#places[this.#current] === place;
  }

  /** Its connection was lost, or it does not take writes: who connects next tries the next one. */
  leave(place: Place): void {
    if (this.isCurrent(place)) this.#current = (this.#current + 1) % this.#places.length;
  }

  /** The time is shared out between the servers. Throws what most needs to be known: a refusal, else the last failure. */
  async connect<C extends Connected>(
    open: (place: Place, timeoutMs: number) => Promise<C>,
    timeoutMs: number,
    isRefusal: (error: unknown) => boolean,
  ): Promise<C> {
    const share = Math.ceil(timeoutMs / this.#places.length);
    const faults: unknown[] = [];
    let standby: { connection: C; index: number } | undefined;
    const first = this.#current;
    for (let i = 0; i < this.#places.length; i++) {
      const index = (first + i) % this.#places.length;
      try {
        const connection = await open(this.#places[index]!, share);
        if (connection.writable || this.#places.length === 1) {
          standby?.connection.destroy();
          this.#current = index;
          return connection;
        }
        if (standby) connection.destroy();
        else standby = { connection, index };
      } catch (error) {
        faults.push(error);
      }
    }
    if (!standby) throw faults.find(isRefusal) ?? faults.at(-1);
    this.#current = standby.index;
    return standby.connection;
  }
}
