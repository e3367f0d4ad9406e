/**
 * A hook that is a program. Its arguments are `admit DOOR USER CLIENT SESSION START`, `opened …` with the same and `ended … END REASON`; times are
 * seconds since the epoch. There is no shell.
 */
import { programEnvironment } from '../../platform/helper/environment.ts';
import type { ProgramResult, Programs } from '../../platform/helper/types.ts';
import { failed, programAnswer } from './answer.ts';
import type { Hook, HookedSession, SessionEvent } from './types.ts';

const MOST_OUTPUT = 4_096;

export function programHook(file: string, programs: Programs): Hook {
  return {
    async ask(session, withinMs) {
      return programAnswer(await run(['admit', ...wordsOf(session)], withinMs));
    },

    async tell(event, withinMs) {
      const { exitCode, signal, timedOut } = await run(eventWords(event), withinMs);
      if (timedOut) throw failed('its time was over');
      if (exitCode !== 0)
        throw failed(signal === null ? `its exit status was ${exitCode}` : `it was ended by ${signal}`);
    },

    close() {},
  };

  function run(args: readonly string[], timeoutMs: number): Promise<ProgramResult> {
    return programs.run({ file, args, env: programEnvironment(), timeoutMs, maxOutputBytes: MOST_OUTPUT });
  }
}

function wordsOf({ door, user, client, session, started }: HookedSession): string[] {
  return [door, user, client, session, seconds(started)];
}

function eventWords(event: SessionEvent): string[] {
  const words = [event.event, ...wordsOf(event)];
  return event.event === 'ended' ? [...words, seconds(event.ended), event.reason] : words;
}

function seconds(time: number): string {
  return String(Math.floor(time / 1000));
}
