/** Sessions as they outlive the server: a row each in gh_radius_session, written with what happens to the session. */
import { dropOwn, type OwnRows, type OwnTable, type OwnValues, putOwn } from '../../../core/journal/own-table.ts';
import type { Attribute } from '../../../platform/radius/attributes.ts';
import type { RadiusSession } from './session.ts';

const TABLE: OwnTable = {
  name: 'gh_radius_session',
  columns: [
    'session',
    'login',
    'place',
    'equipment',
    'address',
    'station',
    'identity',
    'started',
    'ends',
    'heard',
    'sent',
    'received',
  ],
};

export async function loadSessions(rows: OwnRows): Promise<RadiusSession[]> {
  return (await rows.read(TABLE, {})).map(sessionIn);
}

export function putSession(session: RadiusSession) {
  const { name, user, place, equipment, address, station, identity, started, ends, heard, sent, received } = session;
  const texts = [name, user, place, equipment, address, station, packed(identity)];
  return putOwn(TABLE, [...texts, started, ends, heard, sent, received]);
}

export function dropSession({ name }: RadiusSession) {
  return dropOwn(TABLE, name);
}

function sessionIn(values: OwnValues): RadiusSession {
  const [name, user, place, equipment, address, station, identity] = values.slice(0, 7).map(String) as TextCells;
  const [started, ends, heard, sent, received] = values.slice(7).map(Number) as NumberCells;
  const known = { name, user, place, equipment, address, station, identity: unpacked(identity) };
  return { ...known, started, ends, heard, sent, received };
}
type TextCells = [string, string, string, string, string, string, string];
type NumberCells = [number, number, number, number, number];

/** Type, length and value, as in a packet. */
function packed(attributes: readonly Attribute[]): string {
  const parts = attributes.flatMap(({ type, value }) => [Buffer.of(type, value.length), value]);
  return Buffer.concat(parts).toString('base64');
}

function unpacked(text: string): Attribute[] {
  const bytes = Buffer.from(text, 'base64');
  const attributes: Attribute[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2 + bytes[at + 1]!) {
    attributes.push({ type: bytes[at]!, value: bytes.subarray(at + 2, at + 2 + bytes[at + 1]!) });
  }
  return attributes;
}
