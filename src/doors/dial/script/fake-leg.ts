/** The other side of a line in tests: says what it is told to, remembers what it heard. */
import type { Leg } from './run.ts';

export interface FakeLeg extends Leg {
  readonly heard: string;
  say(...texts: (string | Buffer)[]): void;
  /** The carrier goes. */
  drop(): void;
  /** Once it has heard this after what was awaited before. */
  until(text: string): Promise<void>;
  /** A script that failed says nothing more: whoever waits hears why. */
  watch(script: Promise<unknown>): void;
}

export function fakeLeg(): FakeLeg {
  const ending = new AbortController();
  let onBytes: ((bytes: Buffer) => void) | undefined;
  let kept = Buffer.alloc(0);
  let heard = '';
  let used = 0;
  let check = () => {};
  let fail: (reason: unknown) => void = () => {};
  let fault: unknown;
  return {
    ended: ending.signal,
    get heard() {
      return heard;
    },
    write(bytes) {
      heard += Buffer.from(bytes).toString('latin1');
      check();
    },
    listen(listener) {
      onBytes = listener;
      const before = kept;
      if (!listener || before.length === 0) return;
      kept = Buffer.alloc(0);
      listener(before);
    },
    say(...texts) {
      for (const text of texts) {
        const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
        if (onBytes) onBytes(bytes);
        else kept = Buffer.concat([kept, bytes]);
      }
    },
    drop: () => ending.abort(),
    until(text) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (fault !== undefined) reject(fault);
      fail = reject;
      check = () => {
        const at = heard.indexOf(text, used);
        if (at < 0) return;
        used = at + text.length;
        check = () => {};
        resolve();
      };
      check();
      return promise;
    },
    watch(script) {
      script.catch((reason) => {
        fault = reason;
        fail(reason);
      });
    },
  };
}
