/**
 * What an SQL resolver is told, by LinOTP's names.
 *
 * Errors: RESOLVER_CONFIG.
 */
import * as z from 'zod';
import { mapText, numberText, optionalText, readResolverConfig, requiredText } from '../../core/realms/config-text.ts';
import type { ResolverConfig } from '../../core/realms/types.ts';
import { GatehouseError } from '../../platform/errors.ts';
import { faultOfWhere } from './where.ts';

export type SqlKind = 'mysql' | 'postgres' | 'sqlite';

const name = z
  .string()
  .max(64)
  .regex(/^[^\0`"[\]]+$/, 'holds a quote or a bracket');
const options = z.strictObject({
  Driver: requiredText(64),
  Server: optionalText(255),
  Port: numberText(0, 65_535, 0),
  Database: requiredText(4096),
  User: optionalText(128),
  Password: z.string().max(1000).optional(),
  Table: requiredText(129),
  Map: mapText().pipe(z.record(z.string(), name)),
  Where: optionalText(4000).refine((text) => text === undefined || faultOfWhere(text) === undefined, {
    error: ({ input }) => faultOfWhere(String(input)) ?? 'is no condition',
  }),
  Limit: numberText(1, 10_000, 1_000),
  Encoding: optionalText(64),
  conParams: optionalText(1000),
});
const EXAMPLES = {
  Driver: 'mysql',
  Server: 'db.example.com',
  Port: '3306',
  Database: 'staff',
  User: 'gatehouse',
  Password: '…',
  Table: 'users',
  Map: '{"userid":"id","username":"login","mobile":"mobile","email":"mail","password":"pw"}',
  Where: 'active = 1',
  Limit: '1000',
  Encoding: 'utf8',
  conParams: 'sslmode=verify-full&sslrootcert=/etc/ssl/db.pem',
};
const USUAL_PORT = { mysql: 3306, postgres: 5432, sqlite: 0 };

export interface SqlOptions {
  readonly kind: SqlKind;
  readonly host: string;
  readonly port: number;
  /** For SQLite the path of the file. */
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** Path of the socket (MySQL) or of its directory (PostgreSQL). */
  readonly socket: string | undefined;
  /** `verify`: the certificate counts; `any`: encrypted, whoever it is. */
  readonly tls: 'none' | 'any' | 'verify';
  readonly caFile: string | undefined;
  /** With its schema where it has one. */
  readonly table: readonly string[];
  /** Attribute to column, without `password` and `salt`. */
  readonly columns: Readonly<Record<string, string>>;
  readonly idColumn: string;
  readonly loginColumn: string;
  readonly passwordColumn: string | undefined;
  readonly where: string | undefined;
  readonly limit: number;
}

export function sqlOptions(config: ResolverConfig): SqlOptions {
  const given = readResolverConfig(options, config, EXAMPLES);
  const { userid, username, password: passwordColumn, salt: _, ...others } = given.Map;
  if (userid === undefined || username === undefined) throw wrong('Map', 'needs userid and username', EXAMPLES.Map);
  const kind = kindOf(given.Driver);
  if (kind === 'sqlite' && !given.Database.startsWith('/'))
    throw wrong('Database', 'must be a full path', '/srv/staff.db');
  const table = given.Table.split('.');
  if (table.length > 2 || table.some((part) => !name.safeParse(part).success || part === ''))
    throw wrong('Table', 'is no name of a table', EXAMPLES.Table);
  return {
    kind,
    host: given.Server ?? 'localhost',
    port: given.Port || USUAL_PORT[kind],
    database: given.Database,
    user: given.User ?? '',
    password: given.Password ?? '',
    ...connectionOf(given.conParams ?? ''),
    table,
    columns: { userid, username, ...others },
    idColumn: userid,
    loginColumn: username,
    passwordColumn,
    where: given.Where,
    limit: given.Limit,
  };
}

/** SQLAlchemy's names of drivers: `mysql+mysqldb`, `postgresql+psycopg2`. */
function kindOf(driver: string): SqlKind {
  const [word] = driver.toLowerCase().split('+');
  if (word === 'mysql' || word === 'mariadb') return 'mysql';
  if (word === 'postgres' || word === 'postgresql') return 'postgres';
  if (word === 'sqlite') return 'sqlite';
  throw wrong('Driver', 'is none that this server has', 'mysql, postgresql or sqlite');
}

function connectionOf(text: string): Pick<SqlOptions, 'socket' | 'tls' | 'caFile'> {
  const given = new URLSearchParams(text);
  // The server converts, whatever the table is kept in.
  given.delete('charset');
  const socket = given.get('unix_socket') ?? given.get('host') ?? undefined;
  const mode = given.get('sslmode') ?? (given.has('ssl_ca') || given.has('sslrootcert') ? 'verify-full' : 'disable');
  const caFile = given.get('ssl_ca') ?? given.get('sslrootcert') ?? undefined;
  const tls = ({ disable: 'none', require: 'any', 'verify-full': 'verify' } as const)[mode];
  const unknown = [...given.keys()].find(
    (key) => !['unix_socket', 'host', 'sslmode', 'ssl_ca', 'sslrootcert'].includes(key),
  );
  if (unknown !== undefined || tls === undefined) {
    throw wrong('conParams', `${unknown ?? `sslmode=${mode}`} is not known`, 'sslmode=disable, require or verify-full');
  }
  return { socket, tls, caFile };
}

function wrong(where: string, message: string, example: string): GatehouseError {
  return new GatehouseError('RESOLVER_CONFIG', message, { where, hint: `for example ${where}=${example}` });
}
