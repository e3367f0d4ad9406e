/** Dialogs as they outlive the server: a row each in gh_call, written when a call has lasted a while and when its ways have changed. */
import { dropOwn, type OwnRows, type OwnTable, type OwnValues, putOwn } from '../../../core/journal/own-table.ts';
import type { Change } from '../../../core/journal/types.ts';
import type { ListenPoint } from '../transport/types.ts';
import { Dialog } from './dialog.ts';
import type { Party } from './parties.ts';

const TABLE: OwnTable = { name: 'gh_call', columns: ['id', 'entry'] };

interface Entry {
  readonly key: Pick<Dialog, 'callId' | 'fromTag' | 'toTag'>;
  readonly call: Pick<Dialog, 'started' | 'caller' | 'called' | 'callerSeq' | 'calledSeq'>;
  readonly ends: number;
  readonly caller: StoredParty;
  readonly called: StoredParty;
}

/** `flow`: name of our socket, the other's address and port. */
interface StoredParty extends Pick<Party, 'name' | 'target' | 'routes'> {
  readonly flow: readonly [socket: string, address: string, port: number];
}

export function putCall(dialog: Dialog): Change {
  const { callId, fromTag, toTag, started, caller, called, callerSeq, calledSeq, ends, parties } = dialog;
  const entry: Entry = {
    key: { callId, fromTag, toTag },
    call: { started, caller, called, callerSeq, calledSeq },
    ends,
    caller: stored(parties.caller),
    called: stored(parties.called),
  };
  return putOwn(TABLE, [dialog.id, JSON.stringify(entry)]);
}

export function dropCall(id: string): Change {
  return dropOwn(TABLE, id);
}

export function readCalls(rows: OwnRows): Promise<OwnValues[]> {
  return rows.read(TABLE, {});
}

/** Undefined: it cannot be read, or there is no socket. */
export function dialogIn([id, text]: OwnValues, points: readonly ListenPoint[]): Dialog | undefined {
  const [first] = points;
  const entry = first && entryIn(String(text));
  if (first === undefined || entry === undefined) return undefined;
  const { key, call, ends, caller, called } = entry;
  const parties = { caller: restored(caller, points, first), called: restored(called, points, first) };
  const dialog = new Dialog(key, call, { parties });
  dialog.ends = ends;
  dialog.id = String(id);
  return dialog;
}

function entryIn(text: string): Entry | undefined {
  try {
    return JSON.parse(text) as Entry;
  } catch {
    return undefined;
  }
}

function stored({ name, target, routes, flow }: Party): StoredParty {
  return { name, target, routes, flow: [flow.point.name, flow.address, flow.port] };
}

/** Its connection ended with the server; `first`: in place of a socket that is no more. */
function restored({ flow, ...party }: StoredParty, points: readonly ListenPoint[], first: ListenPoint): Party {
  const [socket, address, port] = flow;
  const point = points.find((one) => one.name === socket) ?? first;
  return { ...party, flow: { point, address, port, connection: undefined } };
}
