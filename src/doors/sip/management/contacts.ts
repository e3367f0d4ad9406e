/** usrloc's commands. What they change is durable and in the audit trail when they answer. */
import type { ManagementLine, ManagementReply } from '../../../core/admin/management.ts';
import type { LocationTableView } from '../services.ts';
import { type Command, type Desk, ok, refusal } from './command.ts';

const NO_CONTACTS = 'No registered contacts found';

export const CONTACT_COMMANDS: readonly Command[] = [
  {
    name: 'ul_add',
    args: ['table', 'aor', 'contact', 'expires', 'q', '[replicate]', '[flags]', '[branch flags]', '[methods]'],
    describe:
      'Adds a contact, or takes its new values. expires in seconds, 0 = for ever; the arguments behind q have no effect',
    reply: '200 OK',
    run: addContact,
  },
  {
    name: 'ul_rm',
    args: ['table', 'aor'],
    describe: 'Removes all contacts of an AOR',
    reply: '200 OK; 404 without any',
    run: async ({ administration }, table, aor) => removed(await administration.removeBindings(table!, aor!)),
  },
  {
    name: 'ul_rm_contact',
    args: ['table', 'aor', 'contact'],
    describe: 'Removes one contact',
    reply: '200 OK; 404 where there is none',
    run: async ({ administration }, table, aor, contact) =>
      removed(await administration.removeBindings(table!, aor!, contact)),
  },
  {
    name: 'ul_show_contact',
    args: ['table', 'aor'],
    describe: 'Shows the contacts of an AOR',
    reply: '200 OK and a line each: `<contact>;q=0.50;expires=3599`, expires 0 = for ever; 404 without any',
    run: showContacts,
  },
  {
    name: 'ul_dump',
    args: ['[brief]'],
    describe: 'Shows all contacts of all tables; `brief`: only the AORs',
    reply: "200 OK and for each record the lines `domain: 'location'`, `aor   : '1000'` and the contacts' values",
    run: ({ contacts }, brief) => ok(dump(contacts, brief !== undefined)),
  },
  {
    name: 'ul_stats',
    args: [],
    describe: 'Counts contacts',
    reply:
      "200 OK, `Domain Registered Expired`, and for each table `'location' 12 3`: contacts now, and expired since the start",
    run: ({ contacts }) => ok(statistics(contacts)),
  },
  {
    name: 'ul_flush',
    args: [],
    describe: 'Nothing is to be done: contacts are in the database before their REGISTER is answered',
    reply: '200 OK',
    run: () => ok(),
  },
];

async function addContact(
  { administration }: Desk,
  ...[table, login, contact, expires, q]: string[]
): Promise<ManagementReply> {
  const seconds = Number(expires);
  if (!/^\d{1,10}$/.test(expires!) || seconds > 2 ** 31) return refusal(400, 'invalid expires value');
  if (!/^(-1|-?\d?\.?\d{0,3})$/.test(q!) || Number(q) > 1) return refusal(400, 'invalid q value');
  await administration.addBinding({
    table: table!,
    login: login!,
    contact: contact!,
    seconds,
    q: Math.max(-1, Number(q)),
  });
  return ok();
}

function removed(count: number): ManagementReply {
  return count > 0 ? ok() : refusal(404, NO_CONTACTS);
}

async function showContacts({ administration }: Desk, ...[table, aor]: string[]): Promise<ManagementReply> {
  const bindings = await administration.showBindings(table!, aor!);
  if (bindings.length === 0) return refusal(404, NO_CONTACTS);
  return ok(bindings.map(({ contact, q, expires }) => `<${contact}>;q=${q?.toFixed(2) ?? ''};expires=${expires ?? 0}`));
}

function* dump(contacts: Desk['contacts'], brief: boolean): Generator<ManagementLine> {
  yield '===Domain list===';
  for (const table of contacts.values()) yield* dumpTable(table, brief);
  yield '===/Domain list===';
}

function* dumpTable(table: LocationTableView, brief: boolean): Generator<ManagementLine> {
  yield '---Domain---';
  yield `name : '${table.name}'`;
  yield `size : ${table.size}`;
  for (const aor of table.aors()) {
    yield '---Record---';
    yield `domain: '${table.name}'`;
    yield `aor   : '${aor}'`;
    if (!brief)
      for (const one of table.bindings(aor)) {
        yield '~~~Contact~~~';
        yield `Contact   : '${one.contact}'`;
        yield `Expires   : ${one.expires === 0 ? 'Permanent' : new Date(one.expires).toISOString()}`;
        yield `q         : ${one.q < 0 ? '' : one.q.toFixed(2)}`;
        yield `Call-ID   : '${one.callId}'`;
        yield `CSeq      : ${one.cseq}`;
        yield `User-Agent: '${one.userAgent}'`;
        if (one.received !== null) yield `received  : '${one.received}'`;
        yield '~~~/Contact~~~';
      }
    yield '---/Record---';
  }
  yield '---/Domain---';
}

function* statistics(contacts: Desk['contacts']): Generator<ManagementLine> {
  yield 'Domain Registered Expired';
  for (const { name, size, expired } of contacts.values()) yield `'${name}' ${size} ${expired}`;
}
