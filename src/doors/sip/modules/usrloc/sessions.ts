/**
 * Names of SIP sessions: `sip:TABLE:AOR:HASH`, where HASH is eight hex digits of what tells the AOR's contacts apart. Fit for a command line: whatever
 * else than letters, digits and `@ . _ + -` stands in the AOR is written as %XX.
 */
export function sessionId(table: string, aor: string, contact: string): string {
  return `sip:${table}:${plain(aor)}:${contactHash(contact)}`;
}

/** Table and AOR of a session id, or undefined when it is none of SIP's. The AOR is as in the table. */
export function parseSessionId(session: string): { table: string; aor: string } | undefined {
  const parts = session.split(':');
  if (parts.length !== 4 || parts[0] !== 'sip') return undefined;
  const aor = parts[2]!.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return { table: parts[1]!, aor };
}

function plain(aor: string): string {
  for (let i = 0; i < aor.length; i++) if (!isPlain(aor.charCodeAt(i))) return escaped(aor);
  return aor;
}

function escaped(aor: string): string {
  let out = '';
  for (let i = 0; i < aor.length; i++) {
    const code = aor.charCodeAt(i);
    out += isPlain(code) ? aor[i] : `%${code.toString(16).padStart(2, '0')}`;
  }
  return out;
}

function isPlain(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 48 && code <= 57) ||
    (code >= 64 && code <= 90) || // with @
    code === 46 ||
    code === 95 ||
    code === 43 ||
    code === 45
  );
}

/** FNV-1a over 32 bits. */
function contactHash(contact: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < contact.length; i++) hash = Math.imul(hash ^ contact.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
