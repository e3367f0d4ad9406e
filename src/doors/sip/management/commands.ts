/** All management commands, and those of the originals that are not there, with what takes their place. */
import type { ManagementReply } from '../../../core/admin/management.ts';
import type { Administration } from '../../../core/admin/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { type Command, countOf, ok, refusal, type Site } from './command.ts';
import { CONTACT_COMMANDS } from './contacts.ts';
import { MODULE_COMMANDS } from './modules.ts';
import { PROCESS_COMMANDS } from './process.ts';
import { REQUEST_COMMANDS } from './requests.ts';
import { STATISTICS_COMMANDS } from './statistics.ts';

const which: Command = {
  name: 'which',
  args: [],
  describe: 'Lists the commands',
  reply: '200 OK and a name on each line',
  run: () => ok([...COMMANDS.keys()]),
};

const all = [
  ...PROCESS_COMMANDS,
  which,
  ...CONTACT_COMMANDS,
  ...REQUEST_COMMANDS,
  ...STATISTICS_COMMANDS,
  ...MODULE_COMMANDS,
];

export const COMMANDS: ReadonlyMap<string, Command> = new Map(all.map((command) => [command.name, command]));

/** By name, or by what the name begins with. */
export const ABSENT: Readonly<Record<string, string>> = {
  t_reply: 'a request that waits for a program is answered by the script: t_write_req is not there',
  t_uac: 'use t_uac_dlg',
  ul_dump_hash: 'there are no hash buckets; use ul_dump',
  lcr_: 'there is no least cost routing; write it in the script',
  pa_: 'there is no presence agent',
  ds_: 'there is no dispatcher; write the destinations in the script',
  dlg_: 'there is no dialog module; `gatehouse who` shows who is in',
  pike_rm: 'a sender is within the limit again by itself, after one whole unit within it',
  cr_: 'there is no carrierroute; write it in the script',
  reload: 'gatehouse reload, or SIGHUP',
};

/** The command of this name, or why there is none. */
export function absentReason(name: string): string | undefined {
  if (Object.hasOwn(ABSENT, name)) return ABSENT[name];
  return Object.entries(ABSENT).find(([start]) => start.endsWith('_') && name.startsWith(start))?.[1];
}

/** Does a command for whoever `by` acts for. */
export async function runCommand(
  site: Site,
  by: Administration,
  name: string,
  args: readonly string[],
): Promise<ManagementReply> {
  const command = COMMANDS.get(name);
  if (command === undefined) {
    const why = absentReason(name);
    return refusal(500, `command '${name}' not available${why === undefined ? '' : `: ${why}`}`);
  }
  const { least, most } = countOf(command);
  if (args.length < least || args.length > most) return refusal(400, `arguments: ${usage(command)}`);
  try {
    return await command.run({ ...site, administration: by }, ...args);
  } catch (error) {
    if (error instanceof GatehouseError) return refusal(statusOf(error), error.message);
    site.log.error('a management command failed', { command: name, error: String(error) });
    return refusal(500, 'an unexpected fault; the log has the details');
  }
}

export function usage({ args }: Command): string {
  return args.length === 0 ? 'none' : args.join(', ');
}

function statusOf({ code }: GatehouseError): number {
  if (code === 'TABLE_UNKNOWN') return 400;
  if (code.endsWith('_UNKNOWN')) return 404;
  return code.startsWith('STORAGE_') ? 503 : 400;
}
