/**
 * Text that goes into a message from elsewhere, cleaned so that it cannot end its line: the one place against header injection.
 */
import { bytes, lookAt } from './bytes.ts';

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
  if (lines === lastClean) return lines;
  if (!areClean(lines)) return cleaned(lines);
  lastClean = lines;
  return lines;
}

/** The same challenge goes out many times. */
let lastClean = '';

function areClean(lines: string): boolean {
  const end = lines.length;
  lookAt(lines);
  let start = 0;
  for (let at = 0; at < end; at++) {
    if (!isControl(bytes[at]!)) continue;
    if (at === start || bytes[at] !== 13 || bytes[at + 1] !== 10) return false;
    start = at + 2;
    at++;
  }
  return start === end;
}

function cleaned(lines: string): string {
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
