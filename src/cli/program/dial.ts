/** The commands about dialling out. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addDialCommands(program: Command, run: Runner): void {
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
    .action(run(() => import('../commands/dial.ts')));
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
      .action(run(async () => (await import('../commands/dial-settings.ts')).adding(kind)));
    password(
      settings.command('edit').argument('<name>').argument('[setting...]', 'key=value; nothing after = : the default'),
    )
      .description(`change settings of ${one === 'account' ? 'an' : 'a'} ${one}`)
      .action(run(async () => (await import('../commands/dial-settings.ts')).editing(kind)));
    settings
      .command('show')
      .argument('<name>')
      .option('--all', 'with the settings that are at their defaults')
      .description(`print the settings of ${one === 'account' ? 'an' : 'a'} ${one}, without its password`)
      .action(run(async () => (await import('../commands/dial-settings.ts')).showing(kind)));
    settings
      .command('list')
      .description(`list the ${kind}`)
      .action(run(async () => (await import('../commands/dial-settings.ts')).listing(kind)));
    settings
      .command('remove')
      .argument('<name>')
      .description(`remove ${one === 'account' ? 'an' : 'a'} ${one}`)
      .action(run(async () => (await import('../commands/dial-settings.ts')).removing(kind)));
    if (kind === 'accounts')
      settings
        .command('import')
        .argument('<file>', "KPPP's kppprc or a script for chat; - for standard input")
        .description('take accounts and modems over; says what will not do what was meant')
        .action(run(() => import('../commands/dial-import.ts')));
  }
  dial
    .command('script')
    .argument('<account>')
    .argument('<what>', 'show, add, insert or remove')
    .argument('[words...]', 'add: command and text; insert: line number, command and text; remove: line number')
    .description('show or change the login script of an account')
    .action(run(() => import('../commands/dial-script.ts')));
  dial
    .command('rules')
    .description('rules for what calls cost')
    .command('check')
    .argument('<file>', "KPPP's rules (.rst), or - for standard input")
    .description('say what is wrong with the rules, or what a call of three minutes that begins now costs')
    .action(run(() => import('../commands/dial-rules.ts')));
}
