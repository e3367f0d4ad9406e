/**
 * Accounts and modems in one file, `dial/accounts.yaml` in the data directory. A change keeps what else stands there, comments included, and
 * puts a whole new file in the place of the old one, so that a crash leaves one of the two. Only its owner may read it, since
 * passwords stand in it as they are (docs/decisions/0032-accounts-to-dial.md).
 *
 * Errors: DIAL_FILE_MODE, DIAL_FILE_BROKEN, DIAL_ACCOUNT_UNKNOWN, DIAL_ACCOUNT_EXISTS, DIAL_ACCOUNT_NAME; CONFIG_INVALID with all faults
 * and their places for what was written by hand.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Document, isMap, parseDocument } from 'yaml';
import type * as z from 'zod';
import { loadConfig, requireConfig } from '../../../platform/config/load.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { didYouMean } from '../../../platform/problems.ts';
import {
  type AccountSettings,
  accountSettings,
  type DialFile,
  dialFile,
  isName,
  type ModemSettings,
  modemSettings,
} from './settings.ts';

export type Kind = 'accounts' | 'modems';
export type AccountInput = z.input<typeof accountSettings>;
export type ModemInput = z.input<typeof modemSettings>;

export const accountsFileOf = (dataDir: string): string => join(dataDir, 'dial', 'accounts.yaml');

export class AccountBook {
  readonly path: string;
  readonly #values: DialFile;
  readonly #document: Document;

  constructor(path: string) {
    this.path = path;
    if (!existsSync(path)) {
      this.#values = dialFile.parse({});
      this.#document = new Document({});
      return;
    }
    if ((statSync(path).mode & 0o077) !== 0)
      throw new GatehouseError('DIAL_FILE_MODE', 'passwords stand in this file, and others can read it', {
        where: path,
        hint: `run: chmod 600 '${path.replaceAll("'", `'\\''`)}'`,
      });
    this.#values = requireConfig(loadConfig({ file: path, environment: {}, schema: dialFile }));
    this.#document = parseDocument(readFileSync(path, 'utf8'), { stringKeys: true });
  }

  names(kind: Kind): string[] {
    return Object.keys(this.#values[kind]);
  }

  account(name: string): AccountSettings {
    return this.#values.accounts[name] ?? this.#unknown('accounts', name);
  }

  modem(name: string): ModemSettings {
    return this.#values.modems[name] ?? this.#unknown('modems', name);
  }

  /** What was said of it, without defaults. */
  said(kind: Kind, name: string): Record<string, unknown> {
    if (this.#values[kind][name] === undefined) this.#unknown(kind, name);
    return (this.#document.toJS() as Record<Kind, Record<string, Record<string, unknown>>>)[kind][name]!;
  }

  /** A new one. */
  add(kind: Kind, name: string, settings: AccountInput | ModemInput): void {
    if (!isName(name))
      throw new GatehouseError('DIAL_ACCOUNT_NAME', `\`${name.slice(0, 60)}\` cannot be a name`, {
        hint: 'at most 50 letters, digits, blanks and . _ + @ -; not account, script, modem or rules',
      });
    if (this.#values[kind][name] !== undefined)
      throw new GatehouseError(
        'DIAL_ACCOUNT_EXISTS',
        `there is ${kind === 'accounts' ? 'an account' : 'a modem'} ${name}`,
        {
          hint: 'change it with: edit',
        },
      );
    this.#put(kind, name, settings);
  }

  /** Undefined takes a setting back to its default. */
  change(kind: Kind, name: string, settings: Readonly<Record<string, unknown>>): void {
    if (this.#values[kind][name] === undefined) this.#unknown(kind, name);
    for (const [key, value] of Object.entries(settings)) {
      if (value === undefined) this.#document.deleteIn([kind, name, key]);
      else this.#document.setIn([kind, name, key], this.#document.createNode(value));
    }
    this.#take(kind, name, this.said(kind, name));
  }

  remove(kind: Kind, name: string): void {
    if (this.#values[kind][name] === undefined) this.#unknown(kind, name);
    this.#document.deleteIn([kind, name]);
    delete this.#values[kind][name];
  }

  #put(kind: Kind, name: string, settings: AccountInput | ModemInput): void {
    if (!isMap(this.#document.contents)) this.#document.contents = this.#document.createNode({}) as never;
    if (!isMap(this.#document.get(kind))) this.#document.set(kind, this.#document.createNode({}));
    this.#document.setIn([kind, name], this.#document.createNode(settings));
    this.#take(kind, name, settings);
  }

  #take(kind: Kind, name: string, settings: unknown): void {
    if (kind === 'accounts') this.#values.accounts[name] = accountSettings.parse(settings);
    else this.#values.modems[name] = modemSettings.parse(settings);
  }

  write(): void {
    const folder = dirname(this.path);
    const next = `${this.path}.${process.pid}`;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = openSync(next, 'wx', 0o600);
      try {
        writeSync(file, String(this.#document));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(next, this.path);
    } catch (cause) {
      rmSync(next, { force: true });
      const why = (cause as Error).message;
      throw new GatehouseError('DIAL_FILE_BROKEN', `the accounts cannot be written: ${why}`, {
        where: this.path,
        cause,
      });
    }
  }

  #unknown(kind: Kind, name: string): never {
    const names = this.names(kind);
    const [one, add] = kind === 'accounts' ? ['account', 'account add'] : ['modem', 'modem add'];
    throw new GatehouseError('DIAL_ACCOUNT_UNKNOWN', `there is no ${one} ${name.slice(0, 60)}`, {
      hint: didYouMean(
        name,
        names,
        names.length === 0 ? `make one: gatehouse dial ${add} NAME` : `there are: ${names.join(', ')}`,
      ),
    });
  }
}
