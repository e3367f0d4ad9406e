/** Main's side of users, administrators, small values and SER tables: each question goes to the worker as it stands. */
import type { SerTables, TableReport } from '../core/ser/types.ts';
import type { AdminStore, MetaStore } from '../core/storage/types.ts';
import type { UserStore } from '../core/users/store.ts';
import { bindingAt, WIDTH } from './batch.ts';
import type { WorkerClient } from './client.ts';

/** Users of one piece when many are made at once. */
const PIECE = 500;

export function userStore(worker: WorkerClient): UserStore {
  return {
    find: (logins) => worker.call('users.find', logins),
    named: (name) => worker.call('users.named', name),
    list: (options) => worker.call('users.list', options),
    count: () => worker.call('users.count'),
    update: (id, change) => worker.call('users.update', id, change),
    remove: (id, shownIn = {}) => worker.call('users.remove', id, shownIn),

    async create(user, seal, shownIn = {}) {
      const id = await worker.call('users.reserve', 1);
      const password = seal(id);
      await worker.call('users.insert', [{ ...user, id, password }], shownIn);
      return { id, logins: user.logins, email: user.email, locked: false, password, created: user.created };
    },

    async createMany(users, seal, shownIn = {}) {
      for (let start = 0; start < users.length; start += PIECE) {
        const piece = users.slice(start, start + PIECE);
        const first = await worker.call('users.reserve', piece.length);
        const rows = piece.map((user, i) => ({ ...user, id: first + i, password: seal(start + i, first + i) }));
        await worker.call('users.insert', rows, shownIn);
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

export function metaStore(worker: WorkerClient): MetaStore {
  return {
    get: (key) => worker.call('meta.get', key),
    set: (key, value) => worker.call('meta.set', key, value),
  };
}

const OPENERS = { subscriber: 'ser.openSubscriber', location: 'ser.openLocation', uri: 'ser.openUri' } as const;

export function serTables(worker: WorkerClient): SerTables {
  return {
    open: (kind: keyof typeof OPENERS, spec: never): Promise<TableReport> => worker.call(OPENERS[kind], spec),
    readSubscribers: (spec, names) => worker.call('ser.readSubscribers', spec, names),
    listSubscribers: (spec, options) => worker.call('ser.listSubscribers', spec, options),
    addUsers: (tables, rows) => worker.call('ser.addUsers', tables, rows),
    updateSubscriber: (spec, row) => worker.call('ser.updateSubscriber', spec, row),
    removeUser: (tables, name) => worker.call('ser.removeUser', tables, name),
    hasUri: (spec, username, domain, uriUser) => worker.call('ser.hasUri', spec, username, domain, uriUser),

    loadBindings(spec, now, onRows) {
      const onCells = (cells: Parameters<typeof bindingAt>[0]) => {
        const rows = [];
        for (let at = 0; at < cells.length; at += WIDTH[0]) rows.push(bindingAt(cells, at));
        onRows(rows);
      };
      return worker.stream('ser.loadBindings', onCells, spec, now);
    },
  };
}
