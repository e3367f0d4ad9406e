/** Persons, owners and accounts: the same somebody as tokens, realms and the gate know him. An account's id is `source:id` of the person. */
import type { Person } from '../realms/types.ts';
import type { Account } from '../users/types.ts';
import type { TokenOwner } from './types.ts';

type OwnerId = Pick<TokenOwner, 'source' | 'id'>;

export function ownerOfAccount({ id }: Account): OwnerId {
  const colon = id.indexOf(':');
  return { source: id.slice(0, colon), id: id.slice(colon + 1) };
}

export function accountId({ source, id }: OwnerId): string {
  return `${source}:${id}`;
}

/** For the ticket of who was proven by a code: it holds no secret. */
export function personAccount(person: Person): Account {
  const { login, realm, locked } = person;
  // Local users are named by their logins at all doors.
  const isLocal = person.source === 'local' || realm === '';
  return secretless(accountId(person), isLocal ? login : `${login}@${realm}`, login, realm, locked);
}

/** Somebody whom no source knows, and a rule lets in. */
export function guestAccount(login: string, realm: string): Account {
  return secretless(accountId({ source: 'guest', id: login }), login, login, realm, false);
}

/** A token that nobody owns stands for itself. */
export function tokenAccount(serial: string): Account {
  return secretless(accountId({ source: 'token', id: serial }), serial, serial, '', false);
}

function secretless(id: string, login: string, name: string, domain: string, locked: boolean): Account {
  return { id, login, name, domain, locked, values: [], ha1: () => undefined, checkPassword: () => undefined };
}
