/** A call back that was answered: the login of who is to be there, his session, and the commands that he gives until he hangs up. */
import { auditChange } from '../../../core/audit/events.ts';
import type { CallBack } from '../../../core/gate/types.ts';
import type { Policy } from '../../../core/policy/policy.ts';
import type { CommandConfig, LineConfig } from '../config.ts';
import type { Call } from '../modem/types.ts';
import type { RunOnLine } from '../ppp/run-on-line.ts';
import type { DialSession, DialSessions } from '../sessions.ts';
import { type LoginParts, logIn } from './login.ts';
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
  const terminal = new Terminal(call, AbortSignal.any([call.ended, stopping, over.signal]));
  const place = called.number;
  const who = { ...called, place };
  const ticket = await logIn(terminal, who, { ...parts, texts, timeoutMs, tries: login_tries });
  if (ticket === undefined) {
    const reason = call.ended.aborted ? 'hung-up' : 'no-login';
    const fields = { door: 'dial', user: called.login, client: place, reason };
    journal.append([auditChange(clock.now(), 'refused', fields)]);
    return true;
  }
  const session = await sessions.open(ticket, line.name, session_seconds, AbortSignal.any([call.ended, stopping]));
  if (typeof session === 'string') {
    terminal.say(TOLD[session]);
    return true;
  }
  session.over.addEventListener('abort', () => over.abort());
  try {
    await takeCommands(terminal, line, session, parts);
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
    const { texts, commands, prompt_seconds } = parts.settings();
    const said = await terminal.ask({ prompt: texts.prompt, echo: true, timeoutMs: prompt_seconds * 1000 });
    if (said === undefined) return;
    const wanted = said.trim().toLowerCase();
    const maySee = commands.filter(({ shell }) => !shell || parts.policy.grants('shell', session.ticket));
    const command = maySee.find(({ name }) => name === wanted);
    if (command !== undefined) {
      session.doing = command.name;
      terminal.letGo();
      // Afterwards the line is in whatever state the program left it in: it is hung up, not talked on.
      const traffic = await parts.run(command, line.device, session);
      if (traffic !== undefined) parts.sessions.counted(session, traffic);
      return;
    }
    if (wanted === 'exit' || wanted === 'logout' || wanted === 'quit') return;
    const names = [...maySee.map(({ name }) => name), 'exit'].join(', ');
    if (wanted === 'help' || wanted === '?') terminal.say(texts.commands.replaceAll('%c', () => names));
    else if (wanted !== '') terminal.say(texts.unknown);
  }
}
