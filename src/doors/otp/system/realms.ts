/**
 * /system/…Resolver and …Realm: where persons are looked for, in LinOTP's words.
 *
 * Errors: OTP_PARAMETER, those of RealmCalls.
 */
import type { Administration } from '../../../core/admin/types.ts';
import type { RealmDefinition, ResolverDefinition, ResolverType } from '../../../core/realms/types.ts';
import { GatehouseError } from '../../../platform/errors.ts';
import { type AdminCalls, changes, type Outcome, reads } from '../call.ts';
import { type Fields, parameterError, requiredField } from '../fields.ts';
import type { Json } from '../reply.ts';

/** LinOTP's classes of resolvers, by type. */
const CLASSES: Readonly<Record<string, string>> = {
  passwdresolver: 'PasswdIdResolver',
  sqlresolver: 'SQLIdResolver',
  ldapresolver: 'LDAPIdResolver',
};
/** Of the call itself: all else is the resolver's configuration. */
const NO_CONFIG: ReadonlySet<string> = new Set(['name', 'type', 'session', 'httperror', 'previous_name']);

type Run = (fields: Fields, administration: Administration) => Promise<Outcome>;

export const REALM_CALLS: AdminCalls = {
  '/system/setResolver': over(changes, setResolver),
  '/system/getResolvers': over(reads, getResolvers),
  '/system/getResolver': over(reads, getResolver),
  '/system/delResolver': over(changes, async (fields, administration) => {
    await administration.removeResolver(requiredField(fields, 'resolver'));
    return { value: true };
  }),
  '/system/setRealm': over(changes, setRealm),
  '/system/getRealms': over(reads, getRealms),
  '/system/delRealm': over(changes, delRealm),
  '/system/setDefaultRealm': over(changes, async (fields, administration) => {
    await administration.setDefaultRealm(fields.get('realm') ?? '');
    return { value: true };
  }),
  '/system/getDefaultRealm': over(reads, async (_fields, administration) => {
    const [found, classOf] = [
      (await administration.listRealms()).find(({ isDefault }) => isDefault),
      await classes(administration),
    ];
    return { value: found ? { [found.name]: realmView(found, classOf) } : {} };
  }),
};

/** /admin/testresolver: of a configuration, set or not, whether it is answered to; secrets may be those of the one that is set. */
export const TEST_RESOLVER = reads(async (fields, caller) => {
  caller.require('system', 'read');
  const type = requiredField(fields, 'type');
  const config = Object.fromEntries([...fields].filter(([field]) => !NO_CONFIG.has(field)));
  const name = fields.get('name') || fields.get('previous_name') || 'test';
  try {
    const { persons, more } = await caller.administration.testResolver({ name, type: type as ResolverType, config });
    return { value: { result: true, desc: `${persons.length}${more ? ' or more' : ''} users` } };
  } catch (error) {
    if (!(error instanceof GatehouseError)) throw error;
    return { value: { result: false, desc: error.message } };
  }
});

function over(kind: typeof reads, run: Run) {
  return kind((fields, { administration }) => run(fields, administration));
}

async function setResolver(fields: Fields, administration: Administration): Promise<Outcome> {
  const [name, type] = [requiredField(fields, 'name'), requiredField(fields, 'type')];
  if (!Object.hasOwn(CLASSES, type)) throw parameterError(`type must be one of ${Object.keys(CLASSES).join(', ')}`);
  const config = Object.fromEntries([...fields].filter(([field]) => !NO_CONFIG.has(field)));
  await administration.setResolver({ name, type: type as ResolverType, config });
  return { value: true };
}

async function getResolvers(_fields: Fields, administration: Administration): Promise<Outcome> {
  const all = await administration.listResolvers();
  return { value: Object.fromEntries(all.map((one) => [one.name, resolverView(one)])) };
}

/** With its configuration, but for secrets. */
async function getResolver(fields: Fields, administration: Administration): Promise<Outcome> {
  const name = requiredField(fields, 'resolver');
  const found = (await administration.listResolvers()).find((one) => one.name === name);
  return { value: found ? { type: found.type, data: found.config as Json, resolver: name } : {} };
}

async function setRealm(fields: Fields, administration: Administration): Promise<Outcome> {
  const names = requiredField(fields, 'resolvers')
    .split(',')
    .map((one) => one.trim());
  await administration.setRealm(
    requiredField(fields, 'realm'),
    names.filter((one) => one !== ''),
  );
  return { value: true };
}

async function delRealm(fields: Fields, administration: Administration): Promise<Outcome> {
  const realm = requiredField(fields, 'realm');
  await administration.removeRealm(realm);
  return { value: { delRealm: { result: true } } };
}

async function getRealms(_fields: Fields, administration: Administration): Promise<Outcome> {
  const [all, classOf] = [await administration.listRealms(), await classes(administration)];
  return { value: Object.fromEntries(all.map((one) => [one.name, realmView(one, classOf)])) };
}

function realmView({ name, resolvers, isDefault }: RealmDefinition, classOf: (resolver: string) => string): Json {
  return {
    realmname: name,
    useridresolver: resolvers.map(classOf),
    ...(isDefault ? { default: 'true' } : {}),
    entry: name,
  };
}

function resolverView({ name, type }: ResolverDefinition): Json {
  return { resolvername: name, type, entry: `${type}.${name}` };
}

/** `useridresolver.PasswdIdResolver.IdResolver.NAME`; the built-in one has no class of LinOTP's. */
async function classes(administration: Administration): Promise<(resolver: string) => string> {
  const types = new Map((await administration.listResolvers()).map(({ name, type }) => [name, type]));
  return (name) => `useridresolver.${CLASSES[types.get(name) ?? ''] ?? 'LocalIdResolver'}.IdResolver.${name}`;
}
