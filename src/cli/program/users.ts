/** The commands about users and the numbers they are called back at. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addUserCommands(program: Command, run: Runner): void {
  const user = program.command('user').description('administer users');
  user
    .command('add')
    .argument('<login>', 'name or name@domain')
    .argument('[password]', 'asked for when absent; visible in the list of processes when given here')
    .option('--email <address>', 'where to write to')
    .option('--mobile <number>', 'where codes are sent to, e.g. +12025550100')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .description('add a user')
    .action(run(() => import('../commands/user-add.ts')));
  user
    .command('passwd')
    .argument('<login>')
    .argument('[password]', 'asked for when absent')
    .option('--password-stdin', 'read the password from the first line of standard input')
    .description('set the password of a user')
    .action(run(() => import('../commands/user-passwd.ts')));
  user
    .command('set')
    .argument('<login>')
    .option('--email <address>', 'where to write to; empty: nowhere')
    .option('--mobile <number>', 'where codes are sent to; empty: nowhere')
    .description('change the address or number of a user')
    .action(run(() => import('../commands/user-set.ts')));
  user
    .command('rm')
    .argument('<login>')
    .description('remove a user')
    .action(run(() => import('../commands/user-rm.ts')));
  user
    .command('show')
    .argument('<login>')
    .description('show a user')
    .action(run(() => import('../commands/user-show.ts')));
  user
    .command('list')
    .argument('[prefix]', 'only logins that begin so')
    .option('--limit <n>', 'at most so many', '100')
    .option('--locked', 'who is locked instead: users, and names that others vouch for')
    .description('list users')
    .action(run(() => import('../commands/user-list.ts')));
  user
    .command('import')
    .argument('<file>', 'CSV with login,password,email,mobile on each line, or - for standard input')
    .option('--dry-run', 'read and check the lines, add nothing')
    .description('add many users')
    .action(run(() => import('../commands/user-import.ts')));
  user
    .command('export')
    .description('write all users as CSV with login,email,locked,mobile; passwords are never written')
    .action(run(() => import('../commands/user-export.ts')));

  const number = user.command('number').description('numbers that a user is called back at');
  number
    .command('add')
    .argument('<login>')
    .argument('<alias>', 'what callers say instead of the number, e.g. home')
    .argument('<number>', '+493023125000, or an extension of two to eight digits')
    .description('add a number that the user may be called back at')
    .action(run(() => import('../commands/user-number-add.ts')));
  number
    .command('remove')
    .argument('<login>')
    .argument('<alias>')
    .description('remove a number')
    .action(run(() => import('../commands/user-number-remove.ts')));
  number
    .command('list')
    .argument('<login>')
    .description('list the numbers of a user')
    .action(run(() => import('../commands/user-number-list.ts')));
}
