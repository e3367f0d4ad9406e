/**
 * Sessions as they outlive the server: a row each in the table gh_portal_session, written with the session's own changes. The bytes in
 * it are those at its writing; what was counted since then stands in the firewall, also after a crash.
 */
import type { Change } from '../../core/journal/types.ts';
import type { RowCells, RowsSpec, SerTables } from '../../core/ser/types.ts';
import { unicodeText, wireText } from '../../core/ser/wire-text.ts';
import type { Place, Session } from './clients.ts';

const SPEC: RowsSpec = {
  database: 'main',
  table: 'gh_portal_session',
  kind: 'portal_session',
  columns: [
    'session',
    'address',
    'mac',
    'token',
    'login',
    'started',
    'ends',
    'sent',
    'received',
    'most_sent',
    'most_received',
    'suspended',
  ],
  keys: [],
};
const MOST = 200_000;

export interface StoredSession extends Place {
  readonly token: string;
  readonly session: Session;
  /** A stop has told everybody that it is over; after a crash nobody was told. */
  readonly suspended: boolean;
}

/** `interfaceOf`: where an address is found again; a row does not say it. */
export async function loadSessions(
  tables: SerTables,
  interfaceOf: (address: string) => string,
): Promise<StoredSession[]> {
  await tables.open('rows', SPEC);
  const stored = (await tables.readRows(SPEC, [], MOST)).map(storedSession);
  return stored.map((one) => ({ ...one, interface: interfaceOf(one.address) }));
}

export function putSession({ address, mac, token, session, suspended }: Omit<StoredSession, 'interface'>): Change[] {
  const { name, user, started, ends, sent, received, most } = session;
  const numbers = [started, ends, sent, received, most.sent, most.received, suspended ? 1 : 0];
  const values = [name, address, mac, token, wireText(user), ...numbers];
  return [...deleteSession(session), { kind: 'insert-row', table: SPEC, values }];
}

export function deleteSession({ name }: Pick<Session, 'name'>): Change[] {
  return [{ kind: 'delete-rows', table: SPEC, where: [['session', name]] }];
}

function storedSession(row: RowCells): Omit<StoredSession, 'interface'> {
  const [name, address, mac, token, login] = row.slice(0, 5).map(String) as [string, string, string, string, string];
  const [started = 0, ends = 0, sent = 0, received = 0, mostSent = 0, mostReceived = 0, suspended = 0] = row
    .slice(5)
    .map(Number);
  const most = { sent: mostSent, received: mostReceived };
  const before = { sent, received };
  // The rate is that of the configuration at each start.
  const rate = { sent: 0, received: 0 };
  const session = { name, user: unicodeText(login), started, ends, before, sent, received, most, rate, spent: false };
  return { address, mac, token, session, suspended: suspended !== 0 };
}
