/**
 * One table of users as auth_db's parameters describe it, and the log line that saves hours: a stored HA1 holds only for the
 * domain it was made with, and nothing else tells that from a wrong password.
 */
import type { SubscriberSpec } from '../../../../core/ser/types.ts';
import type { Account, UserSource } from '../../../../core/users/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import type { Run } from '../../run.ts';
import type { ParameterValues } from '../../script/types.ts';
import { AvpList, type AvpName } from '../../script/values/avps.ts';
import type { Services } from '../../services.ts';
import { isDocumented } from '../auth/digest-rules.ts';
import type { Found } from '../auth/examine.ts';
import type { UserBase } from '../auth/knock.ts';
import { loadedAvps, loadedColumns } from './load-credentials.ts';

/** What rpid_avp of auth takes its value from, where the table has it. */
const LOADED_BY_DEFAULT = 'rpid';

export class UserTable implements UserBase {
  readonly useDomain: boolean;
  readonly #table: string;
  readonly #parameters: ParameterValues;
  readonly #services: Services;
  readonly #hint: Seldom;
  /** load_credentials. */
  readonly #wanted: string;
  readonly #avps: readonly AvpName[];
  #source: UserSource | undefined;

  constructor(table: string, parameters: ParameterValues, services: Services) {
    this.#table = table;
    this.#parameters = parameters;
    this.#services = services;
    this.#hint = new Seldom(services.clock);
    this.useDomain = parameters.use_domain === 1;
    this.#wanted = parameters.load_credentials === null ? LOADED_BY_DEFAULT : String(parameters.load_credentials);
    this.#avps = loadedAvps(this.#wanted);
  }

  async open(): Promise<void> {
    const how = { useDomain: this.useDomain, calculateHa1: this.#parameters.calculate_ha1 === 1 };
    const isAsked = this.#parameters.load_credentials !== null;
    try {
      this.#source = await this.#services.userSource(this.#spec(loadedColumns(this.#wanted)), how);
    } catch (error) {
      if (isAsked || !(error instanceof GatehouseError) || error.code !== 'SER_TABLE_LAYOUT') throw error;
      // Kamailio's table has no such column. Were another one missing, this throws again.
      this.#source = await this.#services.userSource(this.#spec([]), how);
    }
    this.#warnOfHa1(this.#source, how.calculateHa1);
  }

  #warnOfHa1(source: UserSource, calculateHa1: boolean): void {
    if (calculateHa1 || !source.shared || !this.#services.options.digest.some((rules) => !isDocumented(rules))) return;
    this.#services.log.warn(
      'sip.digest asks for more than MD5, but the table holds HA1, which are MD5: set calculate_ha1 to 1 and password_column to clear passwords',
      { table: this.#table },
    );
  }

  get source(): UserSource {
    if (this.#source === undefined) throw new Error(`the table ${this.#table} was not opened`);
    return this.#source;
  }

  onProven(run: Run, account: Account): void {
    for (let i = 0; i < this.#avps.length; i++) {
      const value = account.values[i];
      if (value === undefined || value === null || value === '') continue;
      run.avps ??= new AvpList();
      run.avps.push(this.#avps[i]!, value);
    }
  }

  onWrongProof(found: Found): void {
    if (this.#parameters.calculate_ha1 === 1 || !this.source.shared || !this.#hint.due()) return;
    const { username, realm } = found.proof;
    this.#services.log.info(
      `a digest did not match: if the password is right, ${String(this.#parameters.password_column)} may have been made for another domain than the realm`,
      { table: this.#table, user: username, realm },
    );
  }

  #spec(columns: readonly string[]): SubscriberSpec {
    const p = this.#parameters;
    return {
      database: p.db_url === null ? 'main' : this.#services.database(String(p.db_url)),
      table: this.#table,
      userColumn: String(p.user_column),
      domainColumn: String(p.domain_column),
      passwordColumn: String(p.password_column),
      passwordColumn2: String(p.password_column_2),
      columns,
    };
  }
}
