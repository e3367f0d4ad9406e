/**
 * What the command line needs to dial out: accounts and modems, their scripts, imports, and a look at what a call would do. No server and no database
 * have part in it.
 */

import { dirname } from 'node:path';
import { parseAssignments } from '../doors/dial/account/assignment.ts';
import { AccountBook, accountsFileOf, type Kind } from '../doors/dial/account/book.ts';
import { importAccounts } from '../doors/dial/account/import.ts';
import type { Imported } from '../doors/dial/account/imported.ts';
import { accountSettings, modemSettings } from '../doors/dial/account/settings.ts';
import { type CallWorld, makeCall } from '../doors/dial/dialer/call.ts';
import { type CallPlan, planCall } from '../doors/dial/dialer/plan.ts';
import { parseTariff, type Tariff } from '../doors/dial/dialer/tariff.ts';
import { parseScript } from '../doors/dial/script/lines.ts';
import type { Problem } from '../platform/problems.ts';

export type { Kind } from '../doors/dial/account/book.ts';
export type { CallPlan } from '../doors/dial/dialer/plan.ts';

export interface Dialling {
  readonly book: AccountBook;
  /** `key=value` as settings. */
  settings(kind: Kind, texts: readonly string[]): Record<string, unknown>;
  import(text: string, file: string): Imported;
  checkScript(account: string, lines: readonly string[]): Problem[];
  /** Throws a ProblemsError with all that is wrong. */
  tariff(text: string, file: string): Tariff;
  plan(account: string, options: DialOptions): CallPlan;
  /** Resolves when the call is over and everything was put back. */
  call(plan: CallPlan, person: Person): Promise<void>;
}

/** Who makes the call, and sees how it goes. */
export type Person = Pick<CallWorld, 'signal' | 'ask' | 'terminal' | 'progress' | 'detail'>;

/** Read anew: the call may have taken hours. */
function savePassword(path: string, { account }: CallPlan, password: string): void {
  const book = new AccountBook(path);
  book.change('accounts', account, { password });
  book.write();
}

export interface DialOptions {
  readonly modem?: string | undefined;
  readonly device?: string | undefined;
}

export function openDialling(dataDir: string): Dialling {
  const book = new AccountBook(accountsFileOf(dataDir));
  return {
    book,
    settings: (kind, texts) => parseAssignments(kind === 'accounts' ? accountSettings : modemSettings, texts),
    import: importAccounts,
    checkScript: (account, lines) => parseScript(lines, { file: `account ${account}, script` }).problems,
    tariff: parseTariff,
    plan: (account, options) => planCall(book, account, options),
    call: (plan, person) =>
      makeCall(plan, {
        ...person,
        folder: dirname(book.path),
        save: (password) => savePassword(book.path, plan, password),
      }),
  };
}
