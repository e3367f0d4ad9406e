/**
 * Which database is Gatehouse's, and which is attached.
 *
 * `database:` of gatehouse.yaml is Gatehouse's. Where it names none, the db_url of ser.cfg is; where neither does, SQLite in the
 * data directory. Where both name one and they differ, the one of ser.cfg is attached as the source of the SER tables.
 */
import { GatehouseError } from '../../platform/errors.ts';

export interface DatabaseChoice {
  readonly main: string;
  readonly attached: string | undefined;
  /** Why, in one sentence for `check`. */
  readonly reason: string;
}

export interface DatabaseWishes {
  /** `database:` of gatehouse.yaml. */
  readonly configured: string | undefined;
  /** db_url of each module of ser.cfg that has one, with the place it stands at. */
  readonly script: readonly { readonly url: string; readonly where: string }[];
  /** What is taken when nobody names one. */
  readonly fallback: string;
}

/** Errors: SER_DB_URLS_DIFFER. */
export function chooseDatabases(wishes: DatabaseWishes): DatabaseChoice {
  const { configured, fallback } = wishes;
  const first = wishes.script[0];
  const other = wishes.script.find((wish) => wish.url !== first?.url);
  if (first && other) {
    throw new GatehouseError('SER_DB_URLS_DIFFER', 'the modules of ser.cfg name different databases', {
      where: other.where,
      hint: `use one db_url for all of them; the other one stands at ${first.where}`,
    });
  }
  if (configured === undefined && first) {
    return {
      main: first.url,
      attached: undefined,
      reason: `the db_url of ser.cfg (${first.where}); gatehouse.yaml names none`,
    };
  }
  const main = configured ?? fallback;
  if (first === undefined || first.url === main) {
    const reason =
      configured === undefined ? 'nobody names one: SQLite in the data directory' : '`database` of gatehouse.yaml';
    return { main, attached: undefined, reason };
  }
  return {
    main,
    attached: first.url,
    reason: `\`database\` of gatehouse.yaml; the db_url of ser.cfg (${first.where}) is attached`,
  };
}

/** The name that table specs use for the database of a db_url; an empty one means Gatehouse's own. */
export function databaseName(choice: DatabaseChoice, url: string): 'main' | 'attached' {
  return url !== '' && url === choice.attached ? 'attached' : 'main';
}
