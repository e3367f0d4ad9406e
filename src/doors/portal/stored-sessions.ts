/**
 * Sessions as they outlive the server: a row each in the table gh_portal_session, written with the session's own changes. The bytes in
 * it are those at its writing; what was counted since then stands in the firewall, also after a crash. A rate of its own is a row in gh_portal_rate.
 */
import type { Change } from '../../core/journal/types.ts';
import type { RowCells, RowsSpec, SerTables } from '../../core/ser/types.ts';
import { unicodeText, wireText } from '../../core/ser/wire-text.ts';
import type { Bytes, Place, Session } from './clients.ts';

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
/** In bytes in a second. */
const RATES: RowsSpec = {
  database: 'main',
  table: 'gh_portal_rate',
  kind: 'portal_rate',
  columns: ['session', 'sent', 'received'],
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
  await tables.open('rows', RATES);
  const rates = new Map((await tables.readRows(RATES, [], MOST)).map(rateOf));
  const stored = (await tables.readRows(SPEC, [], MOST)).map((row) => storedSession(row, rates));
  return stored.map((one) => ({ ...one, interface: interfaceOf(one.address) }));
}

export function putSession({ address, mac, token, session, suspended }: Omit<StoredSession, 'interface'>): Change[] {
  const { name, user, started, ends, sent, received, most, rate, ownRate } = session;
  const numbers = [started, ends, sent, received, most.sent, most.received, suspended ? 1 : 0];
  const values = [name, address, mac, token, wireText(user), ...numbers];
  return [
    ...deleteSession(session),
    { kind: 'insert-row', table: SPEC, values },
    ...(ownRate ? [{ kind: 'insert-row', table: RATES, values: [name, rate.sent, rate.received] } as const] : []),
  ];
}

export function deleteSession(session: Pick<Session, 'name' | 'ownRate'>): Change[] {
  const where = [['session', session.name]] as const;
  return [
    { kind: 'delete-rows', table: SPEC, where },
    ...(session.ownRate ? [{ kind: 'delete-rows', table: RATES, where } as const] : []),
  ];
}

function rateOf([session, sent, received]: RowCells): [session: string, rate: Bytes] {
  return [String(session), { sent: Number(sent), received: Number(received) }];
}

function storedSession(row: RowCells, rates: ReadonlyMap<string, Bytes>): Omit<StoredSession, 'interface'> {
  const [name, address, mac, token, login] = row.slice(0, 5).map(String) as [string, string, string, string, string];
  const [started = 0, ends = 0, sent = 0, received = 0, mostSent = 0, mostReceived = 0, suspended = 0] = row
    .slice(5)
    .map(Number);
  const most = { sent: mostSent, received: mostReceived };
  const before = { sent, received };
  // That of the configuration is another at each start.
  const rate = { rate: rates.get(name) ?? { sent: 0, received: 0 }, ownRate: rates.has(name) };
  const counted = { before, sent, received, most, ...rate, spent: false };
  const session = { name, user: unicodeText(login), started, ends, ...counted };
  return { address, mac, token, session, suspended: suspended !== 0 };
}
