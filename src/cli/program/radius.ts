/** The commands about the RADIUS door. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addRadiusCommands(program: Command, run: Runner): void {
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
    .option('--may-disconnect', "it may have anybody's session ended or given other terms")
    .description('let equipment ask; in force at once')
    .action(run(() => import('../commands/radius-client-add.ts')));
  client
    .command('list')
    .description('list the equipment that may ask')
    .action(run(() => import('../commands/radius-client-list.ts')));
  client
    .command('rm')
    .alias('remove')
    .argument('<name>')
    .description('let it ask no more')
    .action(run(() => import('../commands/radius-client-rm.ts')));
  radius
    .command('coa')
    .argument('<session>', 'as `gatehouse who` shows it')
    .argument('<terms...>', 'vlan=20, session_seconds=600, or an attribute such as Filter-Id=guests')
    .description('have equipment give a session other terms, by a CoA-Request')
    .action(run(() => import('../commands/radius-coa.ts')));
}
