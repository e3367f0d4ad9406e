/** The commands about SMS providers. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addSmsCommands(program: Command, run: Runner): void {
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
    .action(run(() => import('../commands/sms-set.ts')));
  sms
    .command('list')
    .description('list the providers')
    .action(run(() => import('../commands/sms-list.ts')));
  sms
    .command('show')
    .argument('<name>')
    .description('print the configuration of a provider, without its secrets')
    .action(run(() => import('../commands/sms-show.ts')));
  sms
    .command('rm')
    .argument('<name>')
    .description('remove a provider')
    .action(run(() => import('../commands/sms-rm.ts')));
  sms
    .command('test')
    .argument('<number>')
    .option('--provider <name>', 'by this one; default: the default provider')
    .option('--text <text>', 'what to send', 'A test of Gatehouse')
    .description('send an SMS and print what the gateway answered')
    .action(run(() => import('../commands/sms-test.ts')));
  sms
    .command('log')
    .option('--limit <number>', 'how many at most', '50')
    .option('--user <login>', 'those for this user')
    .description('list the messages that were sent of late, and what became of them')
    .action(run(() => import('../commands/sms-log.ts')));
}
