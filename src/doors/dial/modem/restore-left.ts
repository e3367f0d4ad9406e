/** Puts back the modems that a killed program has left as they were. */
import { type LockOptions, lockLine } from '../line/lock.ts';
import { type ModemOptions, openModem } from './modem.ts';
import { leftNotes } from './notes.ts';

export interface LeftModem {
  readonly path: string;
  /** undefined: it was put back. */
  readonly error: unknown;
}

/** `notes`: the directory that openModem was given. What could not be put back keeps its note, for the next start. */
export async function restoreLeft(
  notes: string,
  lock: LockOptions,
  options: Omit<ModemOptions, 'notes'> = {},
): Promise<LeftModem[]> {
  const done: LeftModem[] = [];
  for (const { path, strings } of leftNotes(notes)) {
    try {
      const held = await lockLine(path, lock);
      try {
        // Its closing puts it back, and clears the note.
        await (await openModem(path, strings, { ...options, notes })).close();
      } finally {
        held.release();
      }
      done.push({ path, error: undefined });
    } catch (error) {
      done.push({ path, error });
    }
  }
  return done;
}
