/**
 * What an administrator can do with the numbers that users are called back at: users whom he keeps, and persons of realms, as doors let them
 * in. They stand under the id of the account. Errors: those of UserNumbers and realms, USER_UNKNOWN.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { Realms } from '../realms/types.ts';
import { personAccount } from '../tokens/people.ts';
import type { UserNumbers } from '../users/numbers.ts';
import type { Login } from '../users/store.ts';
import { loginText } from './login.ts';
import type { Administration, LoginText } from './types.ts';
import type { UserBook } from './user-book.ts';

export interface NumberCallsParts {
  readonly numbers: UserNumbers;
  readonly book: UserBook;
  readonly realms: Pick<Realms, 'split' | 'find'>;
  resolve(login: LoginText): Promise<Login>;
  event(action: string, fields: AuditFields): AuditLines;
}

export function numberCalls({
  numbers,
  book,
  realms,
  resolve,
  event,
}: NumberCallsParts): Pick<Administration, 'addNumber' | 'removeNumber' | 'listNumbers'> {
  return {
    addNumber: async (login, alias, number) => {
      const { id, user } = await ownerOf(login);
      return numbers.add(id, alias, number, event('add-number', { user, alias }));
    },
    removeNumber: async (login, alias) => {
      const { id, user } = await ownerOf(login);
      await numbers.remove(id, alias, event('remove-number', { user, alias }));
    },
    listNumbers: async (login) => numbers.list((await ownerOf(login)).id),
  };

  async function ownerOf(text: LoginText): Promise<{ id: string; user: LoginText }> {
    try {
      const login = await resolve(text);
      return { id: (await book.show(login)).id, user: loginText(login) };
    } catch (error) {
      if (!(error instanceof GatehouseError && (error.code === 'USER_UNKNOWN' || error.code === 'BAD_LOGIN')))
        throw error;
      const { login, realm } = realms.split(text);
      const person = await realms.find(login, realm);
      if (person === null) throw error;
      const { id, login: user } = personAccount(person);
      return { id, user };
    }
  }
}
