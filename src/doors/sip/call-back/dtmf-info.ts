/**
 * A key in the body of an INFO request, as telephones send it that know no telephone events: `Signal=1` and `Duration=160` in
 * application/dtmf-relay, or the key alone in application/dtmf.
 *
 * Neither type has an RFC; both are read as Cisco and Asterisk write them.
 */
const LONGEST = 256;

/** '' = none. `type`: value of Content-Type. */
export function keyOfInfo(type: string, body: string): string {
  if (body.length > LONGEST) return '';
  const [, name] = /^[ \t]*application\/(dtmf-relay|dtmf)[ \t]*(?:;|$)/i.exec(type) ?? [];
  if (name === undefined) return '';
  const signal = /^[ \t]*Signal[ \t]*=[ \t]*(\S{1,2})[ \t]*\r?$/im.exec(body)?.[1];
  const text = signal ?? (name.toLowerCase() === 'dtmf' ? body.trim() : '');
  if (/^[0-9*#A-D]$/i.test(text)) return text.toUpperCase();
  // Some write the number of the event.
  return text === '10' ? '*' : text === '11' ? '#' : '';
}
