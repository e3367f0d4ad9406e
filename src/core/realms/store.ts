/** Where resolvers and realms are kept. Core declares it, storage implements it; configurations arrive and leave sealed. */
import type { AuditLines } from '../audit/types.ts';
import type { RealmDefinition, ResolverDefinition } from './types.ts';

export type SealedResolver = Omit<ResolverDefinition, 'config'> & { readonly config: Uint8Array };

/** A change takes `audit` along: durable in the trail when it is, and absent when it failed. */
export interface RealmStore {
  resolvers(): Promise<SealedResolver[]>;
  setResolver(resolver: SealedResolver, audit: AuditLines): Promise<void>;
  removeResolver(name: string, audit: AuditLines): Promise<void>;
  realms(): Promise<RealmDefinition[]>;
  /** In the place of all that are there. */
  setRealms(realms: readonly RealmDefinition[], audit: AuditLines): Promise<void>;
}
