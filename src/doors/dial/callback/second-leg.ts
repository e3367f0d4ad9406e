/** A call back that was answered: the login of who is to be there, his session, and the commands that he gives until he hangs up. */
import { auditChange } from '../../../core/audit/events.ts';
import type { CallBack } from '../../../core/gate/types.ts';
import type { Policy } from '../../../core/policy/policy.ts';
import type { CommandConfig, LineConfig } from '../config.ts';
import type { Call } from '../modem/types.ts';
import type { Link } from '../ppp/link.ts';
import type { RunOnLine } from '../ppp/run-on-line.ts';
import { TextOrPpp } from '../ppp/text-or-ppp.ts';
import type { DialSession, DialSessions } from '../sessions.ts';
import { type LoginParts, logIn } from './login.ts';
import { logInByPpp, pppLine } from './ppp-legs.ts';
import { Terminal } from './terminal.ts';
import type { DialTexts } from './texts.ts';

export interface SecondLegParts extends Omit<LoginParts, 'texts' | 'timeoutMs' | 'tries'> {
  readonly sessions: DialSessions;
  readonly policy: Pick<Policy, 'grants'>;
  readonly run: RunOnLine;
  readonly settings: () => SecondLegSettings;
  readonly stopping: AbortSignal;
}

export interface SecondLegSettings {
  readonly texts: DialTexts;
  readonly prompt_seconds: number;
  readonly login_tries: number;
  readonly session_seconds: number;
  readonly commands: readonly CommandConfig[];
}

/** To who gave the right proof. */
const TOLD = {
  refused: 'You may not come in here, or not now.\n',
  full: 'You have as many sessions as you may have.\n',
} as const;

/** Resolves when the line is to be hung up; true: something was said last. */
export async function secondLeg(
  call: Call,
  line: LineConfig,
  called: CallBack,
  parts: SecondLegParts,
): Promise<boolean> {
  const { journal, clock, sessions, stopping } = parts;
  const { texts, prompt_seconds, login_tries, session_seconds } = parts.settings();
  const timeoutMs = prompt_seconds * 1000;
  const over = new AbortController();
  const text = new TextOrPpp(call);
  const terminal = new Terminal(text, AbortSignal.any([call.ended, stopping, over.signal, text.begun]));
  const place = called.number;
  const who = { ...called, place };
  const said = await logIn(terminal, who, { ...parts, texts, timeoutMs, tries: login_tries });
  text.settle();
  const byPpp =
    text.begun.aborted && said === undefined
      ? await logInByPpp(
          pppLine(call, text, place, AbortSignal.any([stopping, AbortSignal.timeout(timeoutMs)])),
          who,
          parts,
        )
      : undefined;
  const ticket = said ?? byPpp?.ticket;
  if (ticket === undefined) {
    const reason = call.ended.aborted ? 'hung-up' : 'no-login';
    const fields = { door: 'dial', user: called.login, client: place, reason };
    journal.append([auditChange(clock.now(), 'refused', fields)]);
    return true;
  }
  const session = await sessions.open(ticket, line.name, session_seconds, AbortSignal.any([call.ended, stopping]));
  if (typeof session === 'string') {
    terminal.say(TOLD[session]);
    await byPpp?.link.terminate();
    return true;
  }
  session.over.addEventListener('abort', () => over.abort());
  try {
    if (byPpp === undefined) await takeCommands(terminal, line, session, parts);
    else await takePpp(byPpp.link, line, session, parts);
    // Whoever ended it does not wait for last words.
    return !session.over.aborted;
  } finally {
    sessions.end(session.name, 'logout');
  }
}

async function takeCommands(
  terminal: Terminal,
  line: LineConfig,
  session: DialSession,
  parts: SecondLegParts,
): Promise<void> {
  for (;;) {
    const { texts, prompt_seconds } = parts.settings();
    const said = await terminal.ask({ prompt: texts.prompt, echo: true, timeoutMs: prompt_seconds * 1000 });
    if (said === undefined) return;
    const wanted = said.trim().toLowerCase();
    const maySee = offered(session, parts);
    const command = maySee.find(({ name }) => name === wanted);
    if (command !== undefined) {
      terminal.letGo();
      return giveLine(command, line, session, parts);
    }
    if (wanted === 'exit' || wanted === 'logout' || wanted === 'quit') return;
    const names = [...maySee.map(({ name }) => name), 'exit'].join(', ');
    if (wanted === 'help' || wanted === '?') terminal.say(texts.commands.replaceAll('%c', () => names));
    else if (wanted !== '') terminal.say(texts.unknown);
  }
}

/** Who speaks PPP has no prompt: the first command that does is his. */
async function takePpp(link: Link, line: LineConfig, session: DialSession, parts: SecondLegParts): Promise<void> {
  const command = offered(session, parts).find(({ kind }) => kind === 'ppp');
  if (command === undefined) return link.terminate();
  link.handOver();
  return giveLine(command, line, session, parts);
}

/** What this user may run. */
function offered({ ticket }: DialSession, { settings, policy }: SecondLegParts): CommandConfig[] {
  return settings().commands.filter(({ shell }) => !shell || policy.grants('shell', ticket));
}

/** Afterwards the line is in whatever state the program left it in: it is hung up, not talked on. */
async function giveLine(
  command: CommandConfig,
  { device }: LineConfig,
  session: DialSession,
  { run, sessions }: SecondLegParts,
) {
  session.doing = command.name;
  const traffic = await run(command, device, session);
  if (traffic !== undefined) sessions.counted(session, traffic);
}
