/**
 * Gives each person with a mobile number an SMS token, on any server that speaks as LinOTP 4 does; one line for each person.
 *
 * Exit status: 0, or 1 when somebody got none or the server cannot be asked, 2 for a fault of the command line.
 * Source: LinOTP's program of this name, as its manual describes it.
 */
import { Command, CommanderError } from 'commander';
import { GatehouseError } from '../../platform/errors.ts';
import { type Io, printable } from '../io.ts';
import { knownPassword } from '../password.ts';
import { type LinotpSession, openSession } from './session.ts';

interface Options {
  linotp: string;
  admin: string;
  username: string;
  realm?: string;
  sslVerify: boolean;
}

export async function runEnroll(args: readonly string[], io: Io): Promise<number> {
  const command = new Command('linotp-enroll-smstoken')
    .description('Enrol SMS tokens for all users that have a mobile number.')
    .requiredOption('--linotp <url>', 'the server, e.g. https://linotp.example.com')
    .requiredOption('--admin <name>', 'administrator; the password is asked for, or read from standard input')
    .option('--username <filter>', 'only users whose names fit, e.g. a*', '*')
    .option('--realm <realm>', 'only users of this realm')
    .option('--no-ssl-verify', 'take any certificate')
    .configureOutput({ writeOut: (text) => io.out(text.trimEnd()), writeErr: (text) => io.err(text.trimEnd()) })
    .exitOverride();
  try {
    const options = command.parse([...args], { from: 'user' }).opts<Options>();
    const password = await knownPassword(io, `Password of ${options.admin}: `);
    const session = await openSession(options.linotp, options.admin, password, options.sslVerify);
    try {
      return await enrollAll(session, options, io);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof GatehouseError)) throw error;
    io.err(error.toText());
    return error.code === 'COMMAND_LINE' ? 2 : 1;
  }
}

async function enrollAll(session: LinotpSession, { username, realm }: Options, io: Io): Promise<0 | 1> {
  const inRealm: Record<string, string> = realm === undefined ? {} : { realm };
  const { value } = await session.call('admin/userlist', { username, ...inRealm });
  let failed = false;
  for (const user of Array.isArray(value) ? (value as Record<string, unknown>[]) : []) {
    const name = text(user.username);
    const outcome = await enroll(session, user, inRealm);
    failed ||= !outcome.startsWith("'");
    io.out(printable(`SMS Token enrolled for user: '${name}': ${outcome}`));
  }
  return failed ? 1 : 0;
}

/** The serial in quotes, or what failed. */
async function enroll(
  session: LinotpSession,
  user: Record<string, unknown>,
  inRealm: Readonly<Record<string, string>>,
): Promise<string> {
  const phone = text(user.mobile);
  if (phone === '') return 'failed - missing mobile number!';
  // `useridresolver.LDAPIdResolver.IdResolver.staff`: the last part is the resolver's name.
  const resConf = text(user.useridresolver).split('.').at(-1)!;
  const fields = { type: 'sms', genkey: '1', user: text(user.username), resConf, phone, ...inRealm };
  try {
    const { value, detail } = await session.call('admin/init', fields);
    if (value === true) return `'${text((detail as { serial?: unknown } | undefined)?.serial)}'`;
    return 'failed - the server made no token';
  } catch (error) {
    if (error instanceof GatehouseError && error.code === 'LINOTP_REFUSED') return `failed - ${error.message}`;
    throw error;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trim() : typeof value === 'number' ? String(value) : '';
}
