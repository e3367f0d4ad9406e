/** What an administrator can do with the numbers that users are called back at. Errors: those of UserNumbers, USER_UNKNOWN. */
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { UserNumbers } from '../users/numbers.ts';
import type { Login } from '../users/store.ts';
import { loginText } from './login.ts';
import type { Administration, LoginText } from './types.ts';
import type { UserBook } from './user-book.ts';

export interface NumberCallsParts {
  readonly numbers: UserNumbers;
  readonly book: UserBook;
  resolve(login: LoginText): Promise<Login>;
  event(action: string, fields: AuditFields): AuditLines;
}

export function numberCalls({
  numbers,
  book,
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
    const login = await resolve(text);
    return { id: (await book.show(login)).id, user: loginText(login) };
  }
}
