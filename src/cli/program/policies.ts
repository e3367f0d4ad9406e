/** The commands about rules. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addPolicyCommands(program: Command, run: Runner): void {
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
    .action(run(() => import('../commands/policy-set.ts')));
  policy
    .command('rm')
    .argument('<name>')
    .description('remove a rule')
    .action(run(() => import('../commands/policy-rm.ts')));
  policy
    .command('list')
    .description('list the rules')
    .action(run(() => import('../commands/policy-list.ts')));
  policy
    .command('why')
    .argument('<user>')
    .argument('<door>', "or a scope of LinOTP's")
    .argument('<address>', 'where the user comes from')
    .argument('[time]', 'e.g. 2026-11-23T07:30; default: now')
    .description('would the user be let in? prints the rules in the order weighed, and the verdict')
    .action(run(() => import('../commands/policy-why.ts')));
  policy
    .command('export')
    .description('write the rules as a text file')
    .action(run(() => import('../commands/policy-export.ts')));
  policy
    .command('import')
    .argument('<file>', 'as export writes it, or - for standard input')
    .description('make or change the rules of a file: all of them or, where one is faulty, none')
    .action(run(() => import('../commands/policy-import.ts')));
}
