/** A table of contacts as the door and administration see it. */
import type { BindingInfo, LocationTableView } from '../../services.ts';
import { PutChange, RemoveChange } from './administer.ts';
import type { Binding } from './binding.ts';
import type { LocationTable } from './table.ts';

export function viewOf(table: LocationTable): LocationTableView {
  return {
    name: table.name,
    get size() {
      return table.size;
    },
    get expired() {
      return table.expired;
    },
    aors: () => table.aors(),
    bindings(aor) {
      const list: BindingInfo[] = [];
      const now = table.seconds();
      for (let at = table.first(table.keyOf(aor)); at; at = at.next) if (at.validAt(now)) list.push(info(table, at));
      return list;
    },
    put: (aor, contact, options) => new PutChange(table, table.keyOf(aor), contact, options).done,
    remove: (aor, contact, reason) => new RemoveChange(table, table.keyOf(aor), { contact }, reason).done,
    end: (aor, binding, reason) => new RemoveChange(table, table.keyOf(aor), binding, reason).done,
  };
}

function info(table: LocationTable, binding: Binding): BindingInfo {
  return {
    session: table.sessionOf(binding.aor, binding),
    user: binding.user,
    client: binding.client,
    started: binding.started * 1000,
    contact: binding.contact,
    received: binding.received,
    path: binding.path,
    expires: binding.expires * 1000,
    q: binding.q < 0 ? -1 : binding.q / 1000,
    callId: binding.callId,
    cseq: binding.cseq,
    userAgent: binding.userAgent,
    modified: binding.modified * 1000,
  };
}
