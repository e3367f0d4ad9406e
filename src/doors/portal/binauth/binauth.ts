/**
 * The BinAuth program: asked before a client is let in, told of everything afterwards. Questions run side by side, as many at once as
 * `AT_ONCE`, so that a slow program makes only logins wait, and only those; notices of one client keep their order.
 *
 * What clients wrote is an argument each, percent-encoded, and as it was in the environment. There is no shell.
 */
import { describeError, GatehouseError } from '../../../platform/errors.ts';
import type { Programs } from '../../../platform/helper/types.ts';
import { Lanes } from '../../../platform/lanes.ts';
import type { Log } from '../../../platform/log.ts';
import { programRun } from '../program.ts';
import { type Answer, readAnswer } from './answer.ts';
import { type Notice, noticeArguments, type Question, questionArguments } from './question.ts';

export interface BinAuth {
  /** Errors: PORTAL_PROGRAM, it could not be asked: that is no answer. */
  ask(question: Question): Promise<Answer>;
  tell(notice: Notice): void;
  /** Resolves when all notices have been told, or `withinMs` is over. */
  settle(withinMs: number): Promise<void>;
}

/** Together fewer than the helper runs: room is left for the firewall. */
const AT_ONCE = 24;
const NOTICES_AT_ONCE = 8;
/** A house full of people who come back at the same moment. */
const MOST_WAITING = 1_000;
/** Who has waited longer has given up, or should. */
const LONGEST_WAIT_MS = 30_000;
const MOST_NOTICES = 10_000;
const MOST_OUTPUT = 4_096;

export function createBinAuth(
  command: readonly string[],
  programs: Programs,
  log: Log,
  now = () => performance.now(),
): BinAuth {
  const file = command.at(-1) ?? '';
  const questions = new Lanes(AT_ONCE, MOST_WAITING);
  const notices = new Lanes(NOTICES_AT_ONCE, MOST_NOTICES);
  const lastOf = new Map<string, Promise<void>>();

  return {
    async ask(question) {
      if (!questions.hasRoom) throw crowded();
      const since = now();
      const result = await questions.run(() => {
        if (now() - since > LONGEST_WAIT_MS) throw crowded();
        return run(questionArguments(question), plainly(question));
      });
      const answer = readAnswer(result);
      if (answer.is === 'no' && answer.why) log.warn('a login was refused', { program: file, why: answer.why });
      return answer;
    },

    tell(notice) {
      if (!notices.hasRoom) {
        log.warn('a notice was left out: too many wait', { program: file, event: notice.event, mac: notice.mac });
        return;
      }
      const { mac } = notice;
      const told = (lastOf.get(mac) ?? Promise.resolve()).then(async () => {
        try {
          await notices.run(() => run(noticeArguments(notice), {}));
        } catch (error) {
          log.warn('a notice could not be given', { program: file, event: notice.event, error: describeError(error) });
        }
        if (lastOf.get(mac) === told) lastOf.delete(mac);
      });
      lastOf.set(mac, told);
    },

    async settle(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      });
      await Promise.race([Promise.all(lastOf.values()), late]);
      clearTimeout(timer);
    },
  };

  function crowded(): GatehouseError {
    return new GatehouseError('PORTAL_PROGRAM', `${file} has too many questions to answer`);
  }

  function run(args: string[], more: Record<string, string>) {
    return programs.run(programRun(command, args, more, MOST_OUTPUT));
  }
}

/** As it was written. */
function plainly({ user, password, redir, userAgent }: Question): Record<string, string> {
  return {
    GATEHOUSE_USERNAME: user,
    GATEHOUSE_PASSWORD: password,
    GATEHOUSE_REDIR: redir,
    GATEHOUSE_USER_AGENT: userAgent,
  };
}
