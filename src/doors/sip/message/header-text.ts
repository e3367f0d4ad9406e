/**
 * Text that goes into a message from elsewhere, cleaned so that it cannot end its line: the one place against header injection.
 */

/** A value or reason phrase on one line: control characters become spaces. */
export function cleanValue(text: string): string {
  for (let i = 0; i < text.length; i++) if (isControl(text.charCodeAt(i))) return replaceControls(text);
  return text;
}

/** A whole header line with its CRLF. */
export function headerLine(name: string, value: string): string {
  return `${cleanValue(name)}: ${cleanValue(value)}\r\n`;
}

/**
 * Header lines, each with its CRLF: empty lines, which would end the headers, are dropped, and a CR or LF alone becomes a space.
 * A missing CRLF at the end is put there.
 */
export function cleanHeaders(lines: string): string {
  let clean = '';
  for (let at = 0; at < lines.length; ) {
    let end = lines.indexOf('\r\n', at);
    if (end < 0) end = lines.length;
    if (end > at) clean += `${cleanValue(lines.slice(at, end))}\r\n`;
    at = end + 2;
  }
  return clean;
}

/** Tab is white space in a header; bytes above 127 are text. */
function isControl(code: number): boolean {
  return (code < 32 && code !== 9) || code === 127;
}

function replaceControls(text: string): string {
  let clean = '';
  for (let i = 0; i < text.length; i++) clean += isControl(text.charCodeAt(i)) ? ' ' : text.charAt(i);
  return clean;
}
