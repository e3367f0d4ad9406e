/**
 * The command tree of gatehouse: names, arguments and help. What a command does stands in its own file, loaded when it
 * is called.
 */
import { Command } from 'commander';
import { version } from '../platform/version.ts';
import type { GlobalOptions, Parts } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT_MEANING } from './exit-codes.ts';
import type { Io } from './io.ts';
import { addDialCommands } from './program/dial.ts';
import { addPolicyCommands } from './program/policies.ts';
import { addRadiusCommands } from './program/radius.ts';
import { addRealmCommands } from './program/realms.ts';
import type { Load } from './program/runner.ts';
import { addSmsCommands } from './program/sms.ts';
import { addTokenCommands } from './program/tokens.ts';
import { addUserCommands } from './program/users.ts';
import { addVoucherCommands } from './program/vouchers.ts';

export interface Surroundings {
  io: Io;
  /** Where faults of the command line itself are said; default: `io.err`. */
  complain?(text: string): void;
  parts(): Promise<Parts>;
  /** Gets the exit code of the command that ran. */
  finished(code: ExitCode): void;
}

export function buildProgram({ io, complain = io.err, parts, finished }: Surroundings): Command {
  const program = new Command('gatehouse')
    .description('One server that decides who may use a line.')
    .option('--data <dir>', 'data directory', './gatehouse-data')
    .option('--config <file>', 'configuration (default: gatehouse.yaml here or in the data directory, if there)')
    .option('--ser-cfg <file>', 'SIP script, a ser.cfg (default: what the configuration names)')
    .option('--json', 'answer as one JSON document with "version": 1')
    .version(version, '-V, --version', 'print the version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => complain(text.trimEnd()) })
    .exitOverride()
    .showHelpAfterError('(see gatehouse --help)')
    .addHelpText('after', () => `\nExit status:\n${exitStatusText()}`);
  // Subcommands copy these settings when they are made, so everything above comes first.

  program
    .command('up')
    .description('start the server and stay in the foreground')
    .action(run(() => import('./commands/up.ts')));
  program
    .command('check')
    .argument('[file]', 'a ser.cfg or a gatehouse.yaml; default: all that `up` would read')
    .option('--all', 'show the settings that are at their defaults, too')
    .description('check the configuration without starting; prints what was decided')
    .action(run(() => import('./commands/check.ts')));

  program
    .command('trace')
    .argument('<ser.cfg>', 'the script')
    .argument('<message>', 'a file with one SIP request, or - for standard input')
    .option('--result <name=number...>', 'what a function gives, in place of what is assumed')
    .description('run a message through a script without a network; prints the lines taken and what would be sent')
    .action(run(() => import('./commands/trace.ts')));
  program
    .command('modules')
    .argument('[name]', 'a module, function or parameter')
    .description('what a ser.cfg can use: modules with their functions and parameters, and what is not there')
    .action(run(() => import('./commands/modules.ts')));
  program
    .command('exchange')
    .requiredOption('--dir <dir>', 'where the lines appear: modem1 and so on; made when it is missing')
    .option('--lines <n>', 'so many lines, with the numbers 1001 and so on', '2')
    .option('--number <number=address...>', 'a number that leads to telnet://HOST:PORT or, as it is, tcp://HOST:PORT')
    .option('--release <seconds>', 'how long the caller keeps a call up after the other has hung up, or never', '0')
    .description('run virtual modems and a telephone exchange between them, to try dialling on one machine')
    .action(run(() => import('./commands/exchange.ts')));

  addUserCommands(program, run);
  addVoucherCommands(program, run);
  addPolicyCommands(program, run);
  addRadiusCommands(program, run);
  addSmsCommands(program, run);
  addRealmCommands(program, run);
  addTokenCommands(program, run);
  addDialCommands(program, run);

  program
    .command('who')
    .argument('[user]')
    .description('list open sessions over all doors')
    .action(run(() => import('./commands/who.ts')));
  program
    .command('session')
    .description('sessions that are open')
    .command('set')
    .argument('<session>', 'as `gatehouse who` shows it')
    .option('--seconds <n>', 'it ends so long from now')
    .option('--upload <volume>', 'bytes that the client may send in all, such as 500M; 0: no limit')
    .option('--download <volume>', 'bytes that it may receive in all; 0: no limit')
    .option('--upload-kbit <n>', 'what it may send in a second; 0: no limit')
    .option('--download-kbit <n>', 'what it may receive in a second; 0: no limit')
    .description('give a session other terms: Wi-Fi all of them, dial-in an end, equipment an end and rates')
    .action(run(() => import('./commands/session-set.ts')));
  program
    .command('kick')
    .argument('<user|session>')
    .description('end the sessions of a user, or one session')
    .action(run(() => import('./commands/kick.ts')));
  program
    .command('lock')
    .argument('<login>', 'name or name@domain')
    .description('refuse a user, or whoever has this name, at every door and end its sessions, until `unlock`')
    .action(run(() => import('./commands/lock.ts')));
  program
    .command('unlock')
    .argument('<login>', 'name or name@domain')
    .description('let a locked user in again; a name alone: in every domain where the name is locked')
    .action(run(() => import('./commands/unlock.ts')));
  program
    .command('status')
    .description('is the server running, and is it well?')
    .action(run(() => import('./commands/status.ts')));
  program
    .command('reload')
    .description('have the server read gatehouse.yaml, ser.cfg and certificates again; faulty ones change nothing')
    .action(run(() => import('./commands/reload.ts')));
  const audit = program.command('audit').description('the audit trail');
  audit
    .command('list')
    .argument('[user]', 'login, or name in every domain')
    .option('--door <door>', 'only of this door: sip, portal, dial, otp, radius, console')
    .option('--event <event>', 'only these: refused, challenge, opened, ended, admin ...')
    .option('--limit <n>', 'so many lines at most, the last ones', '50')
    .description('what was decided and done, in its order')
    .action(run(() => import('./commands/audit-list.ts')));
  audit
    .command('verify')
    .description('prove that no line of the audit trail was changed, removed or added')
    .action(run(() => import('./commands/audit-verify.ts')));
  program
    .command('admin')
    .description('administrators of the HTTP interface')
    .command('passwd')
    .argument('[name]', 'who', 'admin')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .description('set the password of an administrator; the first one may have been lost')
    .action(run(() => import('./commands/admin-passwd.ts')));
  program
    .command('version')
    .description('print the version')
    .action(run(() => import('./commands/version.ts')));
  program
    .command('errors')
    .argument('[code]')
    .description('what an error code means')
    .action(run(() => import('./commands/errors.ts')));
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('print the completion script for a shell')
    .action(async (shell: string) => {
      const { printCompletion } = await import('./commands/completion.ts');
      finished(printCompletion(program, shell, io));
    });
  return program;

  function run<Args extends unknown[]>(load: Load<Args>): (...args: [...Args, Command]) => Promise<void> {
    return async function execute(...args) {
      const given = args.slice(0, -1) as Args;
      const context = { io, options: program.opts<GlobalOptions>(), parts };
      finished(await (await load()).run(context, ...given));
    };
  }
}

export function exitStatusText(): string {
  return Object.entries(EXIT_MEANING)
    .map(([code, meaning]) => `  ${code}  ${meaning}`)
    .join('\n');
}
