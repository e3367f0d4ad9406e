/**
 * From an address of record to its contacts: the Request-URI becomes the best of them, the others become branches.
 * Source: RFC 3261 section 16.5; results as OpenSER's.
 */
import { parseNameAddr } from '../../message/name-addr.ts';
import type { Branch, Run } from '../../run.ts';
import type { ListenPoint, Transport } from '../../transport/types.ts';
import { resumeWith } from '../resume-with.ts';
import { type Binding, NATTED } from '../usrloc/binding.ts';
import type { Contacts } from '../usrloc/contacts.ts';
import type { LocationTable } from '../usrloc/table.ts';
import type { RegistrarContext } from './context.ts';
import { methodBit } from './methods.ts';
import { leadsOn } from './own-connection.ts';
import type { RegistrarOptions } from './parameters.ts';
import { tableAor } from './register-request.ts';

/** With the Request-URI itself, SER's 12 branches. */
const FURTHER_BRANCHES = 11;

const FOUND = 1;
const NOT_FOUND = -1;
const NO_CONTACT_FOR_METHOD = -2;
const FAILED = -3;

export function lookup(run: Run, table: LocationTable, context: RegistrarContext): number {
  const aor = tableAor(run, run.requestUri, table, context.options);
  if (aor === undefined) return FAILED;
  if (!table.settings.readThrough) return choose(run, table.first(aor), table, context);
  const found = (contacts: Contacts) => choose(run, contacts.first(aor), table, context);
  return resumeWith(run, table.read(aor), table.services.log, found, () => FAILED);
}

function choose(run: Run, first: Binding | undefined, table: LocationTable, context: RegistrarContext): number {
  const { options, transport } = context;
  const now = table.seconds();
  const bit = methodBit(run.message.method);
  let result = NOT_FOUND;
  for (let at = first; at; at = at.next) {
    if (!at.validAt(now)) continue;
    if (table.byCallId && isRepeated(at, first, now, bit)) continue;
    if (at.methods !== null && (at.methods & bit) === 0) {
      if (result === NOT_FOUND) result = NO_CONTACT_FOR_METHOD;
      continue;
    }
    if ((at.flags & NATTED) !== 0) run.flags |= options.natFlag;
    if (result !== FOUND) {
      result = FOUND;
      run.uri = at.contact;
      run.called = at.user;
      run.destination = destinationOf(at, transport);
      run.uriFrom = pointOf(at, transport);
      run.path = at.path ?? undefined;
      run.q = at.q;
      run.branchFlags |= at.branchFlags;
      if (!options.appendBranches) break;
    } else {
      run.branches ??= [];
      if (run.branches.length >= FURTHER_BRANCHES) {
        context.tooMany(at.aor);
        break;
      }
      run.branches.push(branchTo(at, transport));
    }
  }
  return result;
}

/** Whether a better contact leads to the same place: it is a target once (RFC 3261 section 16.5). */
function isRepeated(binding: Binding, first: Binding | undefined, now: number, bit: number): boolean {
  const { contact, received, path } = binding;
  for (let at = first; at && at !== binding; at = at.next) {
    if (at.contact !== contact || at.received !== received || at.path !== path) continue;
    if (at.validAt(now) && (at.methods === null || (at.methods & bit) !== 0)) return true;
  }
  return false;
}

/** 1 when the Request-URI's user has a contact, else -1. */
export function registered(run: Run, table: LocationTable, options: RegistrarOptions): number {
  const aor = tableAor(run, run.requestUri, table, options);
  if (aor === undefined) return -1;
  if (!table.settings.readThrough) return hasValid(table.first(aor), table);
  const found = (contacts: Contacts) => hasValid(contacts.first(aor), table);
  return resumeWith(run, table.read(aor), table.services.log, found, () => -1);
}

function hasValid(first: Binding | undefined, table: LocationTable): number {
  const now = table.seconds();
  for (let at = first; at; at = at.next) if (at.validAt(now)) return 1;
  return -1;
}

function branchTo(binding: Binding, transport: Transport): Branch {
  const { contact: uri, q, branchFlags: flags } = binding;
  const branch = {
    uri,
    destination: destinationOf(binding, transport),
    path: binding.path ?? undefined,
    flags,
    sendFrom: pointOf(binding, transport),
  };
  return q < 0 ? branch : { ...branch, q };
}

/** A telephone behind a NAT, or in another network, is reached from the socket that it registered over. */
function pointOf({ socket }: Binding, { points }: Transport): ListenPoint | undefined {
  return socket === null || points.length === 1 ? undefined : points.find(({ name }) => name === socket);
}

/** A Path leads the way; what `received` says is then the first proxy's affair. */
function destinationOf(binding: Binding, transport: Transport): string | undefined {
  if (binding.path !== null) return parseNameAddr(binding.path)?.uri;
  const { received } = binding;
  return received !== null && leadsOn(received, transport) ? received : undefined;
}
