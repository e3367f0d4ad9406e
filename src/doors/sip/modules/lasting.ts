/** What a module keeps while editions of the script come and go: made for the first edition that asks, and found by those that follow. */
import type { Services } from '../services.ts';

export class Lasting<State> {
  readonly #make: (services: Services) => State;

  constructor(make: (services: Services) => State) {
    this.#make = make;
  }

  of(services: Services): State {
    const { lasting } = services;
    if (!lasting.has(this)) lasting.set(this, this.#make(services));
    return lasting.get(this) as State;
  }
}
