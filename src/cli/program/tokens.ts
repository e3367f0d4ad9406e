/** The commands about one-time password tokens. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addTokenCommands(program: Command, run: Runner): void {
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
    .action(run(() => import('../commands/token-enroll.ts')));
  token
    .command('list')
    .argument('[serial]', 'only these; * stands for any text')
    .option('--user <user>', 'only those of this person')
    .option('--realm <realm>', 'only those of this realm')
    .option('--limit <n>', 'at most so many', '100')
    .option('--page <n>', 'and of the next ones so many', '1')
    .description('list tokens')
    .action(run(() => import('../commands/token-list.ts')));
  token
    .command('show')
    .argument('<serial>')
    .description('print what is known of a token, without its secrets')
    .action(run(() => import('../commands/token-show.ts')));
  token
    .command('set')
    .argument('<serial>')
    .option('--pin <pin>', 'visible in the list of processes')
    .option('--phone <number>', 'where its codes go')
    .option('--description <text>', 'for lists')
    .option('--max-fail <n>', 'failures until it is locked')
    .option('--window <n>', 'values from its counter on that are accepted')
    .description('change a token')
    .action(run(() => import('../commands/token-set.ts')));
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
      .action(run(async () => (await import('../commands/token-switch.ts')).switching(what)));
  }
  token
    .command('assign')
    .argument('<serial>')
    .argument('<user>', 'name or name@realm')
    .description('give a token to somebody')
    .action(run(() => import('../commands/token-assign.ts')));
  token
    .command('import-linotp')
    .argument(
      '<database>',
      'file of SQLite, or mysql://… or postgresql://…, as linotp.cfg has it; - reads it from standard input',
    )
    .argument('<enckey>', "LinOTP's encKey file")
    .option('--resolver <old=new...>', 'the resolver old of LinOTP is called new here')
    .option('--dry-run', 'read and decrypt all, and change nothing')
    .description('take the tokens of a LinOTP database, with their seeds, PINs and counters')
    .action(run(() => import('../commands/token-import-linotp.ts')));
  token
    .command('resync')
    .argument('<serial>')
    .argument('<otp1>', 'what the device shows')
    .argument('<otp2>', 'what it shows next')
    .description('find a device again that went ahead of the server')
    .action(run(() => import('../commands/token-resync.ts')));
}
