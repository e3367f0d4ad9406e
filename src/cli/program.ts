/**
 * The command tree of gatehouse: names, arguments and help. What a command does stands in its own file, loaded when it
 * is called.
 */
import { Command } from 'commander';
import { version } from '../platform/version.ts';
import type { Context, GlobalOptions, Parts } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { EXIT_MEANING } from './exit-codes.ts';
import type { Io } from './io.ts';

type Run<Args extends unknown[]> = (context: Context, ...args: Args) => Promise<ExitCode>;

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
    .option('--release <seconds>', 'how long the caller keeps a call up after the other has hung up, or never', '0')
    .description('run virtual modems and a telephone exchange between them, to try dialling on one machine')
    .action(run(() => import('./commands/exchange.ts')));

  const user = program.command('user').description('administer users');
  user
    .command('add')
    .argument('<login>', 'name or name@domain')
    .argument('[password]', 'asked for when absent; visible in the list of processes when given here')
    .option('--email <address>', 'where to write to')
    .option('--mobile <number>', 'where codes are sent to, e.g. +12025550100')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .description('add a user')
    .action(run(() => import('./commands/user-add.ts')));
  user
    .command('passwd')
    .argument('<login>')
    .argument('[password]', 'asked for when absent')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .description('set the password of a user')
    .action(run(() => import('./commands/user-passwd.ts')));
  user
    .command('set')
    .argument('<login>')
    .option('--email <address>', 'where to write to; empty: nowhere')
    .option('--mobile <number>', 'where codes are sent to; empty: nowhere')
    .description('change the address or number of a user')
    .action(run(() => import('./commands/user-set.ts')));
  user
    .command('rm')
    .argument('<login>')
    .description('remove a user')
    .action(run(() => import('./commands/user-rm.ts')));
  user
    .command('show')
    .argument('<login>')
    .description('show a user')
    .action(run(() => import('./commands/user-show.ts')));
  user
    .command('list')
    .argument('[prefix]', 'only logins that begin so')
    .option('--limit <n>', 'at most so many', '100')
    .description('list users')
    .action(run(() => import('./commands/user-list.ts')));
  user
    .command('import')
    .argument('<file>', 'CSV with login,password,email,mobile on each line, or - for standard input')
    .option('--dry-run', 'read and check the lines, add nothing')
    .description('add many users')
    .action(run(() => import('./commands/user-import.ts')));
  user
    .command('export')
    .description('write all users as CSV with login,email,locked,mobile; passwords are never written')
    .action(run(() => import('./commands/user-export.ts')));

  const number = user.command('number').description('numbers that a user is called back at');
  number
    .command('add')
    .argument('<login>')
    .argument('<alias>', 'what callers say instead of the number, e.g. home')
    .argument('<number>', '+493023125000, or an extension of two to eight digits')
    .description('add a number that the user may be called back at')
    .action(run(() => import('./commands/user-number-add.ts')));
  number
    .command('remove')
    .argument('<login>')
    .argument('<alias>')
    .description('remove a number')
    .action(run(() => import('./commands/user-number-remove.ts')));
  number
    .command('list')
    .argument('<login>')
    .description('list the numbers of a user')
    .action(run(() => import('./commands/user-number-list.ts')));

  const policy = program
    .command('policy')
    .description('rules: who may use which door, from where, when and how long; and policies as LinOTP knows them');
  policy
    .command('set')
    .argument('<name>')
    .requiredOption('--scope <door>', "the door that the rule is about, or a scope of LinOTP's such as authentication")
    .requiredOption('--action <list>', 'what it says, e.g. allow, session_seconds=600 or sms_provider=one')
    .option('--user <list>', 'for whom: 1000, 10*, *@example.com; with ! before it: not for', '')
    .option('--realm <list>', 'for users of these domains', '')
    .option('--client <list>', 'from where: 192.0.2.0/24, !192.0.2.7', '')
    .option('--time <fields>', 'when: minute hour day month weekday year, e.g. "* 7-18 * * 1-5 *"', '')
    .option('--inactive', 'keep it without effect')
    .description('make a rule, or change the one of this name')
    .action(run(() => import('./commands/policy-set.ts')));
  policy
    .command('rm')
    .argument('<name>')
    .description('remove a rule')
    .action(run(() => import('./commands/policy-rm.ts')));
  policy
    .command('list')
    .description('list the rules')
    .action(run(() => import('./commands/policy-list.ts')));
  policy
    .command('why')
    .argument('<user>')
    .argument('<door>', "or a scope of LinOTP's")
    .argument('<address>', 'where the user comes from')
    .argument('[time]', 'e.g. 2026-11-23T07:30; default: now')
    .description('would the user be let in? prints the rules in the order weighed, and the verdict')
    .action(run(() => import('./commands/policy-why.ts')));
  policy
    .command('export')
    .description('write the rules as a text file')
    .action(run(() => import('./commands/policy-export.ts')));
  policy
    .command('import')
    .argument('<file>', 'as export writes it, or - for standard input')
    .description('make or change the rules of a file: all of them or, where one is faulty, none')
    .action(run(() => import('./commands/policy-import.ts')));

  const radius = program.command('radius').description('the door for network equipment');
  const client = radius.command('client').description('equipment that may ask who may come in');
  client
    .command('add')
    .argument('<name>', 'what messages and the audit trail call it')
    .argument('<address>', 'an IP address or a network such as 192.0.2.0/24')
    .requiredOption('--secret <text>', 'the same as on the equipment, or - for standard input')
    .option('--message-authenticator <required|optional>', 'optional: old equipment that sends none', 'required')
    .option('--proof <password|otp>', 'what users type there: their password, or PIN and one-time password', 'password')
    .option('--disconnect-port <number>', 'where it takes Disconnect-Requests', '3799')
    .option('--may-disconnect', "it may have anybody's session ended")
    .description('let equipment ask; in force at once')
    .action(run(() => import('./commands/radius-client-add.ts')));
  client
    .command('list')
    .description('list the equipment that may ask')
    .action(run(() => import('./commands/radius-client-list.ts')));
  client
    .command('rm')
    .alias('remove')
    .argument('<name>')
    .description('let it ask no more')
    .action(run(() => import('./commands/radius-client-rm.ts')));

  const sms = program.command('sms').description('SMS providers: the gateways that codes are sent through');
  sms
    .command('set')
    .argument('<name>')
    .argument(
      '<class>',
      'HttpSMSProvider, RestSMSProvider, SmtpSMSProvider, SMPPSMSProvider, DeviceSMSProvider or FileSMSProvider, also as LinOTP writes it',
    )
    .argument('<config>', 'a file with its configuration, a JSON object, or - for standard input')
    .option('--timeout <seconds>', 'how long a code sent by it is valid')
    .option('--default', 'use it where no policy names another')
    .description('make a provider, or change the one of this name')
    .action(run(() => import('./commands/sms-set.ts')));
  sms
    .command('list')
    .description('list the providers')
    .action(run(() => import('./commands/sms-list.ts')));
  sms
    .command('show')
    .argument('<name>')
    .description('print the configuration of a provider, without its secrets')
    .action(run(() => import('./commands/sms-show.ts')));
  sms
    .command('rm')
    .argument('<name>')
    .description('remove a provider')
    .action(run(() => import('./commands/sms-rm.ts')));
  sms
    .command('test')
    .argument('<number>')
    .option('--provider <name>', 'by this one; default: the default provider')
    .option('--text <text>', 'what to send', 'A test of Gatehouse')
    .description('send an SMS and print what the gateway answered')
    .action(run(() => import('./commands/sms-test.ts')));
  sms
    .command('log')
    .option('--limit <number>', 'how many at most', '50')
    .option('--user <login>', 'those for this user')
    .description('list the messages that were sent of late, and what became of them')
    .action(run(() => import('./commands/sms-log.ts')));

  const resolver = program
    .command('resolver')
    .description('where persons come from: passwd files, tables, directories');
  resolver
    .command('set')
    .argument('<name>')
    .argument('<type>', 'passwdresolver, sqlresolver or ldapresolver')
    .argument('<config>', 'a file with its parameters, a JSON object, or - for standard input')
    .option('--test', 'ask it for some persons first, and change nothing where it does not answer')
    .description('make a resolver, or change the one of this name')
    .action(run(() => import('./commands/resolver-set.ts')));
  resolver
    .command('list')
    .description('list the resolvers, and which realms have them')
    .action(run(() => import('./commands/resolver-list.ts')));
  resolver
    .command('show')
    .argument('<name>')
    .description('print the parameters of a resolver, without its secrets')
    .action(run(() => import('./commands/resolver-show.ts')));
  resolver
    .command('rm')
    .argument('<name>')
    .description('remove a resolver that no realm has')
    .action(run(() => import('./commands/resolver-rm.ts')));
  resolver
    .command('test')
    .argument('<name>')
    .description('ask a resolver for some persons, and print them or what is wrong')
    .action(run(() => import('./commands/resolver-test.ts')));

  const realm = program.command('realm').description('realms: named lists of resolvers, asked in their order');
  realm
    .command('set')
    .argument('<name>')
    .argument('<resolver...>', 'by name; local: the users of Gatehouse')
    .description('make a realm, or change the one of this name; the first becomes the default')
    .action(run(() => import('./commands/realm-set.ts')));
  realm
    .command('list')
    .description('list the realms')
    .action(run(() => import('./commands/realm-list.ts')));
  realm
    .command('rm')
    .argument('<name>')
    .description('remove a realm')
    .action(run(() => import('./commands/realm-rm.ts')));
  realm
    .command('default')
    .argument('[name]', 'absent: none')
    .description('use this realm where a login names none')
    .action(run(() => import('./commands/realm-default.ts')));

  const token = program.command('token').description('one-time password tokens: codes by SMS, HOTP and TOTP devices');
  token
    .command('enroll')
    .argument('[user]', 'name or name@realm; absent: nobody has it yet')
    .requiredOption('--type <type>', 'sms, hmac or totp')
    .option('--phone <number>', 'of an sms token; default: the mobile number of the user')
    .option('--pin <pin>', 'what stands before the code; visible in the list of processes')
    .option('--serial <serial>', 'default: a new one; a token that has it is made anew')
    .option('--seed <hex>', 'of a device that has one; visible in the list of processes')
    .option('--digits <n>', '6 or 8')
    .option('--hash <name>', 'sha1, sha256 or sha512')
    .option('--description <text>', 'for lists')
    .description('make a token; prints its serial and, of a device, once its seed')
    .action(run(() => import('./commands/token-enroll.ts')));
  token
    .command('list')
    .argument('[serial]', 'only these; * stands for any text')
    .option('--user <user>', 'only those of this person')
    .option('--realm <realm>', 'only those of this realm')
    .option('--limit <n>', 'at most so many', '100')
    .option('--page <n>', 'and of the next ones so many', '1')
    .description('list tokens')
    .action(run(() => import('./commands/token-list.ts')));
  token
    .command('show')
    .argument('<serial>')
    .description('print what is known of a token, without its secrets')
    .action(run(() => import('./commands/token-show.ts')));
  token
    .command('set')
    .argument('<serial>')
    .option('--pin <pin>', 'visible in the list of processes')
    .option('--phone <number>', 'where its codes go')
    .option('--description <text>', 'for lists')
    .option('--max-fail <n>', 'failures until it is locked')
    .option('--window <n>', 'values from its counter on that are accepted')
    .description('change a token')
    .action(run(() => import('./commands/token-set.ts')));
  const switches = [
    ['enable', 'enable', 'switch a token on again'],
    ['disable', 'disable', 'switch a token off'],
    ['reset', 'reset', 'forget the failures of a token: a locked one is let go'],
    ['unassign', 'unassign', 'take a token away from its owner; its PIN goes, too'],
    ['rm', 'remove', 'remove a token'],
  ] as const;
  for (const [name, what, about] of switches) {
    token
      .command(name)
      .argument('<serial>')
      .description(about)
      .action(run(async () => (await import('./commands/token-switch.ts')).switching(what)));
  }
  token
    .command('assign')
    .argument('<serial>')
    .argument('<user>', 'name or name@realm')
    .description('give a token to somebody')
    .action(run(() => import('./commands/token-assign.ts')));
  token
    .command('resync')
    .argument('<serial>')
    .argument('<otp1>', 'what the device shows')
    .argument('<otp2>', 'what it shows next')
    .description('find a device again that went ahead of the server')
    .action(run(() => import('./commands/token-resync.ts')));

  const dial = program
    .command('dial')
    .argument('<account>', 'whom to call; see: gatehouse dial account list')
    .option('--check', 'show what the call would do, and make none')
    .option('--modem <name>', 'by this modem')
    .option('--device <path>', 'by the modem at this port')
    .option('--verbose', 'print what the other side says, without passwords')
    .description(
      'call somebody: log in, be called back where that is agreed, and hand the line to pppd or this terminal',
    )
    .action(run(() => import('./commands/dial.ts')));
  for (const [kind, one, example] of [
    ['accounts', 'account', 'numbers=1001 user=userxyz'],
    ['modems', 'modem', 'device=/dev/ttyS0'],
  ] as const) {
    const settings = dial
      .command(one)
      .description(`the ${kind} that can be dialled ${one === 'account' ? '' : 'with'}`.trim());
    const password = (command: Command) =>
      kind === 'accounts'
        ? command.option('--password-stdin', 'read the password from the first line of standard input')
        : command;
    password(settings.command('add').argument('<name>').argument('[setting...]', `e.g. ${example}`))
      .description(`make ${one === 'account' ? 'an' : 'a'} ${one}`)
      .action(run(async () => (await import('./commands/dial-settings.ts')).adding(kind)));
    password(
      settings.command('edit').argument('<name>').argument('[setting...]', 'key=value; nothing after = : the default'),
    )
      .description(`change settings of ${one === 'account' ? 'an' : 'a'} ${one}`)
      .action(run(async () => (await import('./commands/dial-settings.ts')).editing(kind)));
    settings
      .command('show')
      .argument('<name>')
      .option('--all', 'with the settings that are at their defaults')
      .description(`print the settings of ${one === 'account' ? 'an' : 'a'} ${one}, without its password`)
      .action(run(async () => (await import('./commands/dial-settings.ts')).showing(kind)));
    settings
      .command('list')
      .description(`list the ${kind}`)
      .action(run(async () => (await import('./commands/dial-settings.ts')).listing(kind)));
    settings
      .command('remove')
      .argument('<name>')
      .description(`remove ${one === 'account' ? 'an' : 'a'} ${one}`)
      .action(run(async () => (await import('./commands/dial-settings.ts')).removing(kind)));
    if (kind === 'accounts')
      settings
        .command('import')
        .argument('<file>', "KPPP's kppprc or a script for chat; - for standard input")
        .description('take accounts and modems over; says what will not do what was meant')
        .action(run(() => import('./commands/dial-import.ts')));
  }
  dial
    .command('script')
    .argument('<account>')
    .argument('<what>', 'show, add, insert or remove')
    .argument('[words...]', 'add: command and text; insert: line number, command and text; remove: line number')
    .description('show or change the login script of an account')
    .action(run(() => import('./commands/dial-script.ts')));
  dial
    .command('rules')
    .description('rules for what calls cost')
    .command('check')
    .argument('<file>', "KPPP's rules (.rst), or - for standard input")
    .description('say what is wrong with the rules, or what a call of three minutes that begins now costs')
    .action(run(() => import('./commands/dial-rules.ts')));

  program
    .command('who')
    .argument('[user]')
    .description('list open sessions over all doors')
    .action(run(() => import('./commands/who.ts')));
  program
    .command('kick')
    .argument('<user|session>')
    .description('end the sessions of a user, or one session')
    .action(run(() => import('./commands/kick.ts')));
  program
    .command('lock')
    .argument('<login>', 'name or name@domain')
    .description('refuse a user at every door and end its sessions, until `unlock`')
    .action(run(() => import('./commands/lock.ts')));
  program
    .command('unlock')
    .argument('<login>', 'name or name@domain')
    .description('let a locked user in again')
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

  function run<Args extends unknown[]>(
    load: () => Promise<{ run: Run<Args> }>,
  ): (...args: [...Args, Command]) => Promise<void> {
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
