/** Realms that keep what they are told in memory, for tests of whatever asks them. */
import { systemClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { keyringOf } from '../secrets/keyring.ts';
import { passwdResolver } from './passwd/source.ts';
import { RealmDirectory, type RealmsParts } from './realms.ts';
import type { PersonSource } from './source.ts';
import type { RealmStore, SealedResolver } from './store.ts';
import type { RealmDefinition } from './types.ts';

export function fakeRealms(parts: Partial<RealmsParts> = {}): RealmDirectory {
  return new RealmDirectory({
    classes: [passwdResolver],
    store: memoryStore(),
    keyring: keyringOf(Buffer.alloc(32, 1)),
    local: nobody,
    clock: systemClock,
    log: silentLog,
    trustMs: 5_000,
    splitAtSign: () => true,
    ...parts,
  });
}

export function memoryStore(): RealmStore {
  const resolvers = new Map<string, SealedResolver>();
  let realms: readonly RealmDefinition[] = [];
  return {
    resolvers: async () => [...resolvers.values()],
    setResolver: async (resolver) => void resolvers.set(resolver.name, resolver),
    removeResolver: async (name) => void resolvers.delete(name),
    realms: async () => [...realms],
    setRealms: async (next) => {
      realms = next;
    },
  };
}

const nobody: PersonSource = {
  byLogin: async (logins) => logins.map(() => null),
  byId: async (ids) => ids.map(() => null),
  search: async () => ({ records: [], more: false }),
  checkPassword: async () => false,
  close: async () => {},
};
