/** What an administrator can do with resolvers and realms. Secrets are shown to nobody. Errors: those of RealmDirectory. */
import type { AuditFields } from '../audit/events.ts';
import type { AuditLines } from '../audit/types.ts';
import type { RealmDirectory } from '../realms/realms.ts';
import type { RealmCalls } from '../realms/types.ts';

export function realmCalls(
  realms: RealmDirectory,
  event: (action: string, fields: AuditFields) => AuditLines,
): RealmCalls {
  return {
    listResolvers: async () => realms.resolvers.list(),
    setResolver: (definition) => {
      const { name: resolver, type } = definition;
      return realms.setResolver(definition, event('set-resolver', { resolver, type }));
    },
    removeResolver: (name) => realms.removeResolver(name, event('remove-resolver', { resolver: name })),
    testResolver: (what) => realms.testResolver(what),
    listRealms: async () => [...realms.list()],
    setRealm: (realm, resolvers) =>
      realms.setRealm(realm, resolvers, event('set-realm', { realm, resolvers: resolvers.join(',') })),
    removeRealm: (realm) => realms.removeRealm(realm, event('remove-realm', { realm })),
    setDefaultRealm: (realm) => realms.setDefaultRealm(realm, event('set-default-realm', { realm })),
  };
}
