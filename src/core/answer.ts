/** An answer that is there at once is given at once; a promise only where something must be waited for. */
export type Answer<T> = T | Promise<T>;
