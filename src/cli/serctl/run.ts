/**
 * serctl over Gatehouse's administration: the commands, words and answers of SER's shell script, with the server running or not.
 *
 * Users are `user` or `user@domain`; the default domain is $SIP_DOMAIN, else the server's. Exit status 0 or 1, as it was.
 * The database password is asked for only when the database wants one that neither its URL nor $PW holds.
 * Source: SER 0.9's serctl, as its users see it.
 */
import { resolve } from 'node:path';
import { GatehouseError } from '../../platform/errors.ts';
import { version } from '../../platform/version.ts';
import type { Context, Parts } from '../context.ts';
import { startOptions } from '../context.ts';
import type { Io } from '../io.ts';
import { hiddenAsker } from '../password.ts';
import { reportError } from '../report.ts';
import { ABSENT } from './absent.ts';
import { COMMANDS } from './commands.ts';
import type { Desk } from './desk.ts';
import { ALSO } from './names.ts';
import { usage } from './usage.ts';

export async function runSerctl(args: readonly string[], io: Io, parts: () => Promise<Parts>): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === 'version') {
    io.out(`serctl of Gatehouse ${version}`);
    return 0;
  }
  const meant = Object.hasOwn(ALSO, name) ? ALSO[name]! : name;
  const command = Object.hasOwn(COMMANDS, meant) ? COMMANDS[meant] : undefined;
  const why = Object.hasOwn(ABSENT, meant) ? ABSENT[meant] : undefined;
  if (why !== undefined) {
    io.err(`serctl: \`${name}\` is not there: ${why}`);
    return 1;
  }
  if (!command) {
    const asked = name === '' || name === 'help' || name === '-h' || name === '--help';
    if (asked) io.out(usage());
    else io.err(`serctl: there is no command \`${name}\`\n${usage()}`);
    return asked && name !== '' ? 0 : 1;
  }
  if (rest.length < command.least || rest.length > command.most) {
    io.err(`usage: serctl ${command.usage}`);
    return 1;
  }
  try {
    const opened = await openDesk(io, parts, command.reads?.(rest) ?? false);
    try {
      return await command.run(opened.desk, rest);
    } finally {
      await opened.close();
    }
  } catch (error) {
    return reportError(io, error, false) === 130 ? 130 : 1;
  }
}

async function openDesk(
  io: Io,
  parts: () => Promise<Parts>,
  reading: boolean,
): Promise<{ desk: Desk; close(): Promise<void> }> {
  const { openAdministration } = await parts();
  const environment = { ...io.environment };
  const data = resolve(environment.GATEHOUSE_DATA ?? './gatehouse-data');
  const config = environment.GATEHOUSE_CONFIG;
  const serCfg = environment.GATEHOUSE_SER_CFG;
  const options = { data, ...(config ? { config } : {}), ...(serCfg ? { serCfg } : {}) };
  const context: Context = { io: { ...io, environment }, options, parts };
  const open = () => openAdministration(startOptions(context), { reading });
  const opened = await open().catch(async (error: unknown) => {
    const wanted = error instanceof GatehouseError && error.code === 'STORAGE_PASSWORD';
    if (!wanted || environment.PW !== undefined || !io.terminal.input) throw error;
    // The old tools' question, which scripts may wait for.
    const server = error.message.startsWith('postgres') ? 'PostgreSQL' : 'MySql';
    environment.PW = await hiddenAsker(io)(`${server} password: `);
    return open();
  });
  const domain = environment.SIP_DOMAIN || opened.defaultDomain;
  const login = (user: string) => (user.includes('@') || domain === '' ? user : `${user}@${domain}`);
  return { desk: { io, administration: opened.administration, login }, close: opened.close };
}
