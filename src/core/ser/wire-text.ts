/** Texts of SER tables and SIP messages are latin1, one character per byte; administration's are Unicode. */

/** The UTF-8 bytes of a Unicode text, one character each. */
export function wireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Back again; what is no UTF-8 stays as it is. */
export function unicodeText(wire: string): string {
  if (isAscii(wire)) return wire;
  const bytes = Buffer.from(wire, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? wire : text;
}

/** Names are short: a loop is quicker than a call out of JavaScript. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false;
  return true;
}
