/** All kinds of resolvers. What a kind needs is loaded when one of it is first opened. A new one is a folder and a line here. */
import { passwdResolver } from '../core/realms/passwd/source.ts';
import type { ResolverClass } from '../core/realms/source.ts';
import { ldapResolver } from './ldap/resolver.ts';
import { sqlResolver } from './sql/resolver.ts';

export const RESOLVER_CLASSES: readonly ResolverClass[] = [passwdResolver, sqlResolver, ldapResolver];
