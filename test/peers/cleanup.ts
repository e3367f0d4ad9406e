/** What a peer needs of the test or measurement that starts it: a promise to end it. `node:test`'s context is one. */
export interface Cleanup {
  after(work: () => Promise<void>): void;
}
