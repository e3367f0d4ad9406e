/**
 * Reads the tokens of a LinOTP database: a file of SQLite, or MySQL, MariaDB or PostgreSQL by a URL as LinOTP's own configuration has it.
 * Nothing is written there. Errors: LINOTP_DATABASE, RESOLVER_CONFIG (options of the URL).
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { LINOTP_COLUMNS, type LinotpDatabase, type LinotpRow } from '../../core/linotp/tokens.ts';
import { GatehouseError } from '../../platform/errors.ts';
import type { Asker, Row } from '../sql/asker.ts';
import { type SqlOptions, sqlOptions } from '../sql/config.ts';
import { askerOf } from '../sql/resolver.ts';

const PAGE = 500;

/** `address`: a path, or a URL. */
export async function openLinotpDatabase(address: string): Promise<LinotpDatabase> {
  const options = optionsOf(address);
  if (options.kind === 'sqlite' && !existsSync(options.database)) throw away('there is no such file');
  const asker = await askerOf(options);
  const quote = options.kind === 'mysql' ? '`' : '"';
  const name = (text: string) => `${quote}${text}${quote}`;
  return { tokens, close: () => asker.close() };

  async function* tokens(): AsyncGenerator<LinotpRow[]> {
    const id = name('LinOtpTokenId');
    const columns = [id, ...LINOTP_COLUMNS.map(name)].join(', ');
    for (let last = 0; ; ) {
      const rows = await ask(
        asker,
        `SELECT ${columns} FROM ${name('Token')} WHERE ${id} > ${last} ORDER BY ${id} LIMIT ${PAGE}`,
      );
      if (rows.length === 0) return;
      const next = Number(rows.at(-1)![0]);
      const realms = await ask(
        asker,
        `SELECT ${name('token_id')}, ${name('name')} FROM ${name('TokenRealm')} JOIN ${name('Realm')}` +
          ` ON ${name('realm_id')} = ${name('Realm')}.${name('id')}` +
          ` WHERE ${name('token_id')} > ${last} AND ${name('token_id')} <= ${next} ORDER BY ${name('name')}`,
      );
      const byToken = Map.groupBy(realms, ([token]) => token);
      yield rows.map(([token, ...cells]) => ({
        cells,
        realms: (byToken.get(token!) ?? []).map(([, realm]) => realm ?? ''),
      }));
      last = next;
    }
  }
}

async function ask(asker: Asker, sql: string): Promise<Row[]> {
  try {
    return await asker.ask({ sql, values: [] });
  } catch (cause) {
    throw away((cause as Error).message, cause);
  }
}

function optionsOf(address: string): SqlOptions {
  const map = '{"userid":"LinOtpTokenId","username":"LinOtpTokenSerialnumber"}';
  const table = { Table: 'Token', Map: map };
  const file = /^(?:sqlite:\/\/\/?)?([^:]+)$/.exec(address)?.[1];
  if (file !== undefined) return sqlOptions({ ...table, Driver: 'sqlite', Database: resolve(file) });
  if (!URL.canParse(address)) throw away('the address cannot be read');
  const { protocol, hostname, port, pathname, username, password, searchParams } = new URL(address);
  const [server, user, secret] = [hostname, username, password].map(decodeURIComponent);
  return sqlOptions({
    ...table,
    Driver: protocol.slice(0, -1),
    ...(server === '' ? {} : { Server: server }),
    ...(port === '' ? {} : { Port: port }),
    Database: decodeURIComponent(pathname.slice(1)),
    ...(user === '' ? {} : { User: user }),
    ...(secret === '' ? {} : { Password: secret }),
    ...(searchParams.size === 0 ? {} : { conParams: searchParams.toString() }),
  });
}

function away(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('LINOTP_DATABASE', `the LinOTP database cannot be read: ${why}`, {
    hint: 'write the path of an SQLite file, or mysql://USER:PASSWORD@HOST/DATABASE or postgresql://…',
    cause,
  });
}
