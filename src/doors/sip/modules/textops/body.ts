/** The body of the message: what it is, and another one in its place. Source: RFC 2046 section 5.1 for bodies of several parts. */
import { word } from '../../message/chars.ts';
import { Header } from '../../message/header-names.ts';
import { headerLine } from '../../message/header-text.ts';
import { param } from '../../message/name-addr.ts';
import type { Run } from '../../run.ts';

const BOUNDARY = word('boundary');

export function hasBody({ message }: Run, type: string | undefined): number {
  if (message.body === '') return -1;
  return type === undefined || mediaType(message.value(Header.contentType) ?? '') === type ? 1 : -1;
}

export function setBody(run: Run, text: string, type: string): number {
  const { message, edits } = run;
  edits.setBody(message, text);
  const index = message.indexOf(Header.contentType);
  const line = headerLine('Content-Type', type);
  if (index < 0) edits.bottom += line;
  else edits.replace(index, line);
  return 1;
}

/** Leaves of a body of several parts the first one of this type; -1: there is none. */
export function filterBody(run: Run, type: string): number {
  const whole = run.message.value(Header.contentType) ?? '';
  if (mediaType(whole) === type) return 1;
  if (!mediaType(whole).startsWith('multipart/')) return -1;
  for (const part of partsOf(run.edits.body ?? run.message.body, boundaryOf(whole))) {
    const blank = part.startsWith('\r\n') ? 0 : part.indexOf('\r\n\r\n');
    if (blank < 0) continue;
    const found = /^content-type[ \t]*:[ \t]*([^\r\n]*)/im.exec(part.slice(0, blank))?.[1] ?? 'text/plain';
    if (mediaType(found) === type) return setBody(run, part.slice(blank === 0 ? 2 : blank + 4), found.trim());
  }
  return -1;
}

/** SDP in which the caller holds the sound: nothing comes from it, or its address is 0.0.0.0 (RFC 3264 section 8.4, RFC 2543). */
export function isAudioOnHold({ message }: Run): number {
  const lines = message.body.split(/\r?\n/);
  const audio = lines.findIndex((line) => line.startsWith('m=audio'));
  if (audio < 0) return -1;
  const next = lines.findIndex((line, index) => index > audio && line.startsWith('m='));
  const media = lines.slice(audio, next < 0 ? undefined : next);
  const session = lines.slice(
    0,
    lines.findIndex((line) => line.startsWith('m=')),
  );
  const first = (pattern: RegExp) =>
    media.find((line) => pattern.test(line)) ?? session.find((line) => pattern.test(line));
  if (/^a=(sendonly|inactive)/.test(first(/^a=(sendrecv|sendonly|recvonly|inactive)/) ?? '')) return 1;
  return first(/^c=/)?.trim() === 'c=IN IP4 0.0.0.0' ? 1 : -1;
}

/** `application/sdp`, in lower case, without its parameters. */
function mediaType(value: string): string {
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}

function boundaryOf(contentType: string): string {
  const start = contentType.indexOf(';');
  if (start < 0) return '';
  return param(contentType, { paramsStart: start, paramsEnd: contentType.length }, BOUNDARY) ?? '';
}

/** Each with its headers, without the line end that belongs to the boundary behind it. */
function partsOf(body: string, boundary: string): string[] {
  if (boundary === '') return [];
  const parts = `\r\n${body}`.split(`\r\n--${boundary}`).slice(1);
  const end = parts.findIndex((part) => part.startsWith('--'));
  return (end < 0 ? [] : parts.slice(0, end)).map((part) => part.replace(/^[ \t]*\r\n/, ''));
}
