/** Main's side of users, administrators, small values and SER tables: each question goes to the worker as it stands. */
import { IMPORT_PIECE } from '../core/admin/types.ts';
import type { RealmStore } from '../core/realms/store.ts';
import type { BindingRow, SerTables, SubscriberRow, SubscriberSpec, TableReport } from '../core/ser/types.ts';
import type { SmsProviderStore } from '../core/sms/types.ts';
import type { AdminStore, MetaStore, PolicyStore } from '../core/storage/types.ts';
import type { TokenStore } from '../core/tokens/store.ts';
import type { UserStore } from '../core/users/store.ts';
import { bindingAt, type Cell, WIDTH } from './batch.ts';
import type { WorkerClient } from './client.ts';

export function userStore(worker: WorkerClient): UserStore {
  return {
    find: (logins) => worker.call('users.find', logins),
    named: (name) => worker.call('users.named', name),
    list: (options) => worker.call('users.list', options),
    count: () => worker.call('users.count'),
    lockedNames: () => worker.call('users.lockedNames'),
    update: (id, change, shownIn = {}, audit = []) => worker.call('users.update', id, change, shownIn, audit),
    remove: (id, shownIn = {}, audit = []) => worker.call('users.remove', id, shownIn, audit),

    async create(user, seal, shownIn = {}, audit = []) {
      const id = await worker.call('users.reserve', 1);
      const password = seal(id);
      await worker.call('users.insert', [{ ...user, id, password }], shownIn, audit);
      const { logins, email, mobile = '', created } = user;
      return { id, logins, email, mobile, rpid: '', locked: false, password, created };
    },

    async createMany(users, seal, shownIn = {}, audit = []) {
      for (let start = 0; start < users.length; start += IMPORT_PIECE) {
        const piece = users.slice(start, start + IMPORT_PIECE);
        const first = await worker.call('users.reserve', piece.length);
        const rows = piece.map((user, i) => ({ ...user, id: first + i, password: seal(start + i, first + i) }));
        const isLast = start + IMPORT_PIECE >= users.length;
        await worker.call('users.insert', rows, shownIn, isLast ? audit : []);
      }
      return users.length;
    },
  };
}

export function adminStore(worker: WorkerClient): AdminStore {
  return {
    count: () => worker.call('admins.count'),
    hash: (name) => worker.call('admins.hash', name),
    set: (name, hash, now) => worker.call('admins.set', name, hash, now),
  };
}

export function policyStore(worker: WorkerClient): PolicyStore {
  return {
    list: () => worker.call('policies.list'),
    set: (rules, audit) => worker.call('policies.set', rules, audit),
    remove: (name, audit) => worker.call('policies.remove', name, audit),
  };
}

export function smsProviderStore(worker: WorkerClient): SmsProviderStore {
  return {
    list: () => worker.call('sms.list'),
    set: (definition, audit) => worker.call('sms.set', definition, audit),
    remove: (name, audit) => worker.call('sms.remove', name, audit),
  };
}

export function realmStore(worker: WorkerClient): RealmStore {
  return {
    resolvers: () => worker.call('realms.resolvers'),
    setResolver: (resolver, audit) => worker.call('realms.setResolver', resolver, audit),
    removeResolver: (name, audit) => worker.call('realms.removeResolver', name, audit),
    realms: () => worker.call('realms.list'),
    setRealms: (realms, audit) => worker.call('realms.set', realms, audit),
  };
}

export function tokenStore(worker: WorkerClient): TokenStore {
  return {
    read: (table, where) => worker.call('own.read', table, where),
    list: (query) => worker.call('tokens.list', query),
  };
}

export function metaStore(worker: WorkerClient): MetaStore {
  return {
    get: (key) => worker.call('meta.get', key),
    set: (key, value) => worker.call('meta.set', key, value),
  };
}

const OPENERS = {
  subscriber: 'ser.openSubscriber',
  location: 'ser.openLocation',
  uri: 'ser.openUri',
  rows: 'ser.openRows',
} as const;

export function serTables(worker: WorkerClient): SerTables {
  let edition = 0;
  return {
    open: (kind: keyof typeof OPENERS, spec: never): Promise<TableReport> => worker.call(OPENERS[kind], spec),
    readSubscribers: (spec, names) => worker.call('ser.readSubscribers', spec, names),
    listSubscribers: (spec, options) => worker.call('ser.listSubscribers', spec, options),
    walkSubscribers: (spec, most, onRows) =>
      worker.stream('ser.walkSubscribers', (cells) => onRows(subscribersIn(spec, cells)), spec, most),
    addUsers: (tables, rows, audit = []) => worker.call('ser.addUsers', tables, rows, audit),
    updateSubscriber: (spec, row, audit = []) => worker.call('ser.updateSubscriber', spec, row, audit),
    removeUser: (tables, name, audit = []) => worker.call('ser.removeUser', tables, name, audit),
    readRows: (spec, where, most) => worker.call('ser.readRows', spec, where, most),
    ask: (database, sql, values, most) => worker.call('ser.ask', database, sql, values, most),
    rowsChanged: () => void edition++,
    rowEdition: () => edition,
    hasUri: (spec, username, domain, uriUser) => worker.call('ser.hasUri', spec, username, domain, uriUser),

    loadBindings: (spec, now, onRows) =>
      worker.stream('ser.loadBindings', (cells) => onRows(bindingsIn(cells)), spec, now),
    readBindings: async (spec, username, domain, now) =>
      bindingsIn(await worker.call('ser.readBindings', spec, username, domain, now)),
    deleteExpired: (spec, before) => worker.call('ser.deleteExpired', spec, before),
  };
}

function bindingsIn(cells: readonly Cell[]): BindingRow[] {
  const rows = [];
  for (let at = 0; at < cells.length; at += WIDTH[0]) rows.push(bindingAt(cells, at));
  return rows;
}

function subscribersIn({ columns }: SubscriberSpec, cells: readonly Cell[]): SubscriberRow[] {
  const texts = cells as readonly (string | null)[];
  const rows: SubscriberRow[] = [];
  for (let at = 0; at < texts.length; at += 4 + columns.length) {
    rows.push({
      username: texts[at] ?? '',
      domain: texts[at + 1] ?? '',
      password: texts[at + 2] ?? '',
      password2: texts[at + 3] ?? '',
      values: texts.slice(at + 4, at + 4 + columns.length),
    });
  }
  return rows;
}
