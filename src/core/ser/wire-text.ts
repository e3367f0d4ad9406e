/** Texts of SER tables and SIP messages are latin1, one character per byte; administration's are Unicode. */

/** The UTF-8 bytes of a Unicode text, one character each. */
export function wireText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Back again; what is no UTF-8 stays as it is. */
export function unicodeText(wire: string): string {
  if (Buffer.byteLength(wire) === wire.length) return wire; // all ASCII
  const bytes = Buffer.from(wire, 'latin1');
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? wire : text;
}
