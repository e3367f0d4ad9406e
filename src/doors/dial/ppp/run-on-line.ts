/**
 * A line handed to a program: pppd, a console, a shell. The helper starts it with the line as its controlling terminal; it ends with the
 * session, whatever ends that.
 *
 * Errors: none; what goes wrong is in the log, with the last words of the program, and the line is hung up.
 */
import { realpathSync } from 'node:fs';
import type { Traffic } from '../../../core/gate/types.ts';
import { describeError } from '../../../platform/errors.ts';
import type { Permit } from '../../../platform/helper/permit.ts';
import type { ProgramResult, Programs } from '../../../platform/helper/types.ts';
import type { Log } from '../../../platform/log.ts';
import type { CommandConfig } from '../config.ts';
import type { DialErrorCode } from '../errors.ts';
import type { DialSession } from '../sessions.ts';
import { spokenTraffic } from './spoken-traffic.ts';

/** Gives the bytes that went through, where the program says how many. */
export type RunOnLine = (command: CommandConfig, device: string, session: DialSession) => Promise<Traffic | undefined>;

export interface RunOnLineParts {
  readonly programs: Programs;
  readonly log: Log;
  /** How long it may take from a polite end to a forced one. */
  readonly graceMs?: number;
}

const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', TERM: 'vt100' };
/** Sessions end before. */
const LONGEST_MS = 86_400_000;
const GRACE_MS = 400;
const MOST_WORDS = 4_096;

/** A name of a user stands where the configuration says so, and never where it would be an option. */
export function linePermits(commands: readonly CommandConfig[], devices: readonly string[]): Permit[] {
  return commands.map(({ program, arguments: given }) => ({
    file: program,
    args: given.map((text) => (text.includes('%u') ? patternOf(text) : text)),
    env: ENVIRONMENT,
    terminals: devices,
  }));
}

export function runOnLine({ programs, log, graceMs = GRACE_MS }: RunOnLineParts): RunOnLine {
  return async function run({ name, kind, program, arguments: given }, device, session): Promise<Traffic | undefined> {
    const { login } = session.ticket.account;
    const args = given.map((text) => text.replaceAll('%u', () => safeName(session.ticket.account.name)));
    const about = { command: name, user: login, device };
    try {
      const done = await programs.run(
        {
          file: program,
          args,
          env: { ...ENVIRONMENT, GATEHOUSE_USER: login, GATEHOUSE_NUMBER: session.ticket.client.address },
          // As it is now: when the line is hung up a link may lead to another one.
          terminal: { path: realpathSync(device), kind: kind === 'ppp' ? 'raw' : 'cooked' },
          timeoutMs: LONGEST_MS,
          maxOutputBytes: MOST_WORDS,
          graceMs,
        },
        session.over,
      );
      tell(done, about, program);
      return kind === 'ppp' ? spokenTraffic(done.stderr.toString()) : undefined;
    } catch (error) {
      log.error('a program could not be given the line', { ...about, error: describeError(error) });
      return undefined;
    }
  };

  function tell({ exitCode, signal, stderr }: ProgramResult, about: Record<string, string>, program: string): void {
    const said = stderr.toString().trim();
    const fields = { ...about, exitCode, signal, ...(said === '' ? {} : { said }) };
    // What the shell that opens the line says of a file that it cannot start.
    if (exitCode === 126 || exitCode === 127) {
      const code: DialErrorCode = 'DIAL_PROGRAM';
      log.error(`${program} could not be started [${code}]`, fields);
    } else log.info('a program gave the line back', fields);
  }
}

function patternOf(text: string): RegExp {
  const [first = '', ...others] = text.split('%u').map((part) => RegExp.escape(part));
  return new RegExp(`^${[first, ...others].join('(?!-).*')}$`, 's');
}

/** It must not be taken for an option. */
function safeName(name: string): string {
  return name.startsWith('-') ? `./${name}` : name;
}
