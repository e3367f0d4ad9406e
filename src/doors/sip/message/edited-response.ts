/** A response that a script has changed, as it is passed on: without our Via, with the edits made. */
import type { Edits } from './edits.ts';
import { Header } from './header-names.ts';
import type { SipMessage } from './message.ts';

export function isEdited(edits: Edits): boolean {
  return edits.top !== '' || edits.bottom !== '' || edits.lines !== undefined || edits.body !== undefined;
}

export function buildEditedResponse(response: SipMessage, edits: Edits): string {
  const { text, via } = response;
  const top = response.indexOf(Header.via);
  let made = `SIP/2.0 ${response.status} ${response.reason}\r\n`;
  let toldTop = false;
  for (let index = 0; index < response.headerCount; index++) {
    const isVia = response.idAt(index) === Header.via;
    // What is put on top stands below the Vias, so that they stay where their owners look for them.
    if (!isVia && !toldTop && index > top) {
      made += edits.top;
      toldTop = true;
    }
    if (index === top && via !== undefined) {
      if (text.charCodeAt(via.end) === 44) made += `Via:${text.slice(via.end + 1, response.lineEnd(index))}`;
      continue;
    }
    made += edits.lines?.[index] ?? response.lineAt(index);
  }
  if (!toldTop) made += edits.top;
  const body = edits.body ?? response.body;
  const length = response.contentLength < 0 || edits.body !== undefined ? `Content-Length: ${body.length}\r\n` : '';
  return `${made}${edits.bottom}${length}\r\n${body}`;
}
