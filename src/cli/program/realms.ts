/** The commands about resolvers and realms. */
import type { Command } from 'commander';
import type { Runner } from './runner.ts';

export function addRealmCommands(program: Command, run: Runner): void {
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
    .action(run(() => import('../commands/resolver-set.ts')));
  resolver
    .command('list')
    .description('list the resolvers, and which realms have them')
    .action(run(() => import('../commands/resolver-list.ts')));
  resolver
    .command('show')
    .argument('<name>')
    .description('print the parameters of a resolver, without its secrets')
    .action(run(() => import('../commands/resolver-show.ts')));
  resolver
    .command('rm')
    .argument('<name>')
    .description('remove a resolver that no realm has')
    .action(run(() => import('../commands/resolver-rm.ts')));
  resolver
    .command('test')
    .argument('<name>')
    .description('ask a resolver for some persons, and print them or what is wrong')
    .action(run(() => import('../commands/resolver-test.ts')));

  const realm = program.command('realm').description('realms: named lists of resolvers, asked in their order');
  realm
    .command('set')
    .argument('<name>')
    .argument('<resolver...>', 'by name; local: the users of Gatehouse')
    .description('make a realm, or change the one of this name; the first becomes the default')
    .action(run(() => import('../commands/realm-set.ts')));
  realm
    .command('list')
    .description('list the realms')
    .action(run(() => import('../commands/realm-list.ts')));
  realm
    .command('rm')
    .argument('<name>')
    .description('remove a realm')
    .action(run(() => import('../commands/realm-rm.ts')));
  realm
    .command('default')
    .argument('[name]', 'absent: none')
    .description('use this realm where a login names none')
    .action(run(() => import('../commands/realm-default.ts')));
}
