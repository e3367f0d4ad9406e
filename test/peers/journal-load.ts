/** A steady load of new contacts on the journal, 2,000 per second, with what became of each. */
import type { Storage } from '../../src/core/storage/types.ts';
import { binding, put } from '../../src/storage/storage.contract.ts';

export interface JournalLoad {
  /** Contacts in the order of their acknowledgement. */
  readonly acknowledged: string[];
  readonly refused: { readonly code: string; readonly afterMs: number }[];
  until(reached: () => boolean): Promise<void>;
  stop(): void;
}

export function startLoad(storage: Storage): JournalLoad {
  const acknowledged: string[] = [];
  const refused: { code: string; afterMs: number }[] = [];
  let count = 0;
  let check = () => {};
  const timer = setInterval(() => {
    for (let i = 0; i < 4; i++) {
      const contact = `sip:${count++}@h`;
      const begun = performance.now();
      storage.journal.append([put(binding(contact))], {
        settled(error) {
          if (error) refused.push({ code: error.code, afterMs: performance.now() - begun });
          else acknowledged.push(contact);
          check();
        },
      });
    }
  }, 2);
  return {
    acknowledged,
    refused,
    stop: () => clearInterval(timer),
    until: (reached) =>
      new Promise((resolve) => {
        check = () => {
          if (reached()) resolve();
        };
      }),
  };
}
