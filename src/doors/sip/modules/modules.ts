/** All modules a SIP script can load. To add one, write its folder and add it here and nowhere else. */
import type { SipModule } from '../script/types.ts';
import { acc } from './acc/module.ts';
import { aliasDb } from './alias_db/module.ts';
import { auth } from './auth/module.ts';
import { authDb } from './auth_db/module.ts';
import { authRadius } from './auth_radius/module.ts';
import { avpops } from './avpops/module.ts';
import { domain } from './domain/module.ts';
import { group } from './group/module.ts';
import { maxfwd } from './maxfwd/module.ts';
import { miFifo } from './mi_fifo/module.ts';
import { mysql } from './mysql/module.ts';
import { nathelper } from './nathelper/module.ts';
import { permissions } from './permissions/module.ts';
import { pike } from './pike/module.ts';
import { postgres } from './postgres/module.ts';
import { registrar } from './registrar/module.ts';
import { rr } from './rr/module.ts';
import { sl } from './sl/module.ts';
import { textops } from './textops/module.ts';
import { tm } from './tm/module.ts';
import { uri } from './uri/module.ts';
import { uriDb } from './uri_db/module.ts';
import { usrloc } from './usrloc/module.ts';
import { xlog } from './xlog/module.ts';

const all: readonly SipModule[] = [
  mysql,
  postgres,
  sl,
  tm,
  rr,
  maxfwd,
  usrloc,
  registrar,
  nathelper,
  auth,
  authDb,
  authRadius,
  uriDb,
  uri,
  group,
  domain,
  aliasDb,
  permissions,
  pike,
  avpops,
  acc,
  textops,
  xlog,
  miFifo,
];

/** By each name under which a configuration may load it. */
export const modules: ReadonlyMap<string, SipModule> = new Map(
  all.flatMap((module) => [module.name, ...(module.aliases ?? [])].map((name) => [name, module] as const)),
);
