/**
 * What stands when storage is open, under a server and under a command beside a stopped one: keys, users, policies.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { attachedBook } from '../core/admin/attached-book.ts';
import { localBook } from '../core/admin/local-book.ts';
import type { UserBook } from '../core/admin/user-book.ts';
import { auditDirectoryOf, keyFileOf } from '../core/control/data-directory.ts';
import { ReplyAttributes } from '../core/policy/reply-attributes.ts';
import { PolicyRules } from '../core/policy/rules.ts';
import { RadiusClientList } from '../core/radius/clients.ts';
import { localSource } from '../core/realms/local-source.ts';
import { RealmDirectory } from '../core/realms/realms.ts';
import { type Keyring, openOrCreateKeyring } from '../core/secrets/keyring.ts';
import { CodeSender } from '../core/sms/sender.ts';
import type { Storage } from '../core/storage/types.ts';
import { createTokens, type TokenService } from '../core/tokens/service.ts';
import { isOn } from '../core/tokens/system-config.ts';
import { LockedNames, watched } from '../core/users/locked-names.ts';
import { NameLocks } from '../core/users/name-locks.ts';
import { UserNumbers } from '../core/users/numbers.ts';
import { UserRegistry } from '../core/users/registry.ts';
import { inDefaultDomain } from '../core/users/ser-users.ts';
import type { UserSource } from '../core/users/types.ts';
import { Vouchers } from '../core/vouchers/vouchers.ts';
import { loadDictionaries } from '../doors/radius/dictionaries.ts';
import type { ScriptTables } from '../doors/sip/ser-tables.ts';
import { systemClock } from '../platform/clock.ts';
import { type Helper, openHelper } from '../platform/helper/helper.ts';
import type { Log } from '../platform/log.ts';
import { smsClasses } from '../sms/classes.ts';
import { RESOLVER_CLASSES } from '../sources/classes.ts';
import { openStorage } from '../storage/open.ts';
import type { Site, StartOptions } from './site.ts';

export interface Ground {
  readonly keyring: Keyring;
  readonly storage: Storage;
  readonly users: UserRegistry;
  readonly locks: LockedNames;
  readonly numbers: UserNumbers;
  readonly rules: PolicyRules;
  readonly sms: CodeSender;
  readonly realms: RealmDirectory;
  readonly tokens: TokenService;
  readonly radiusClients: RadiusClientList;
  readonly vouchers: Vouchers;
  /** Domain of logins written without one. */
  defaultDomain: string;
  /** Runs gnokii, as who the server is now: its files are named in the database. A process of its own from the first one on. */
  readonly helper: Helper;
  /** Where administration adds and changes users: our own tables, or the attached subscriber table as SER fills it. */
  book: UserBook;
  /** The same users, as doors find them. */
  kept: UserSource;
}

/** `meanwhile`: what this thread can do while the one of storage starts. */
export async function layGround(
  site: Site,
  { dataDir, environment }: StartOptions,
  log: Log,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<Ground> {
  const clock = systemClock;
  const helper = openHelper();
  const auditDir = auditDirectoryOf(dataDir);
  const keyring = await openOrCreateKeyring(keyFileOf(dataDir), existsSync(auditDir));
  const opening = openStorage({
    main: site.databases.main,
    attached: site.databases.attached,
    password: environment.PW,
    auditDir,
    auditKey: keyring.derive('audit'),
    backupDir: join(dataDir, 'backup'),
    log: log.child('storage'),
    clock,
  });
  // Whoever needs it asks again, and hears of a failure there.
  meanwhile().catch(() => {});
  const opened = await opening;
  const locks = new LockedNames(opened.users, new NameLocks({ rows: opened.tokens, journal: opened.journal }));
  const storage: Storage = { ...opened, users: watched(opened.users, locks) };
  const rules = new PolicyRules(new ReplyAttributes(loadDictionaries(site.config.radius.dictionaries)));
  const trustMs = 1000 * site.config.users.trust_seconds;
  const realms = new RealmDirectory({
    classes: RESOLVER_CLASSES,
    store: storage.realms,
    keyring,
    local: localSource({ store: storage.users, keyring, defaultDomain: () => ground.defaultDomain }),
    clock,
    log: log.child('realms'),
    trustMs,
    locks,
    splitAtSign: () => isOn(ground.tokens.config, 'splitAtSign'),
  });
  const sms = new CodeSender({
    classes: smsClasses(helper),
    store: storage.smsProviders,
    keyring,
    rules,
    journal: storage.journal,
    clock,
    log: log.child('sms'),
    options: site.config.sms,
    rows: storage.tokens,
  });
  const tokens = createTokens({
    store: storage.tokens,
    journal: storage.journal,
    keyring,
    policy: rules,
    people: realms,
    sender: sms,
    clock,
    log: log.child('tokens'),
  });
  const numbers = new UserNumbers({
    store: storage.tokens,
    journal: storage.journal,
    key: keyring.derive('numbers'),
  });
  const radiusClients = new RadiusClientList({ rows: storage.tokens, journal: storage.journal, keyring });
  try {
    await keyring.checkKey(storage.meta);
    rules.replace(await storage.policies.list());
    await sms.providers.load();
    await realms.load();
    await tokens.load();
    await radiusClients.load();
    await numbers.load();
    await locks.load();
    await locks.byName.load();
  } catch (error) {
    await storage.close();
    throw error;
  }
  const users = new UserRegistry({
    store: storage.users,
    tables: storage.ser,
    keyring,
    clock,
    log: log.child('users'),
    trustMs,
  });
  const home = await openUsers(site.tables, storage, keyring, users, () => ground.defaultDomain);
  const defaultDomain = site.config.users.default_domain;
  const ground: Ground = {
    keyring,
    storage,
    users,
    locks,
    numbers,
    rules,
    sms,
    helper,
    realms,
    tokens,
    radiusClients,
    vouchers: new Vouchers({ rows: storage.tokens, journal: storage.journal, keyring, clock }),
    ...home,
    defaultDomain,
  };
  return ground;
}

/** Where the users are, to be changed and to be found. */
export async function openUsers(
  { subscriber, reading, uri }: ScriptTables,
  storage: Storage,
  keyring: Keyring,
  users: UserRegistry,
  defaultDomain: () => string,
): Promise<Pick<Ground, 'book' | 'kept'>> {
  const tables = storage.ser;
  const shownIn = { ...(subscriber ? { subscriber } : {}), ...(uri ? { uri } : {}) };
  const own = localBook({ store: storage.users, keyring, clock: systemClock, shownIn });
  if (subscriber && (await tables.open('subscriber', subscriber)).attached) {
    const kept = inDefaultDomain(await users.source(subscriber, reading), defaultDomain);
    return { book: attachedBook({ tables, ...shownIn, subscriber, own }), kept };
  }
  return { book: own, kept: users.local };
}
