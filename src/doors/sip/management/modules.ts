/** The commands that a module answers: the one of the script that serves now. */
import { type Command, ok, refusal } from './command.ts';

function ofModule(module: string, name: string, describe: string, reply: string): Command {
  return {
    name,
    args: [],
    describe,
    reply: `200 OK${reply === '' ? '' : `, ${reply}`}; 404 where the script does not use the table`,
    async run({ script }) {
      const answer = script.command(name);
      return answer ? ok(await answer()) : refusal(404, `the script does not load ${module}, or asks nothing of it`);
    },
  };
}

export const MODULE_COMMANDS: readonly Command[] = [
  ofModule('domain', 'domain_reload', 'Reads the table of domains now', ''),
  ofModule('domain', 'domain_dump', 'Lists the domains as they are known', 'a line each'),
  ofModule('permissions', 'trusted_reload', 'Reads the table of trusted senders now', ''),
  ofModule(
    'permissions',
    'trusted_dump',
    'Lists the trusted senders as they are known',
    '`<address, transport, expression, tag>` a line',
  ),
  ofModule('permissions', 'address_reload', 'Reads the table of addresses now', ''),
  ofModule(
    'permissions',
    'address_dump',
    'Lists the groups of addresses as they are known',
    '`<group, address, mask, port>` a line',
  ),
  ofModule(
    'pike',
    'pike_list',
    'Lists the senders that are over the limit, 1,000 at most',
    '`address: requests in this unit, in the one before` a line',
  ),
];
