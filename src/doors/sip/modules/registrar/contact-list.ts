/**
 * The headers of a 200 to REGISTER: all bindings of the AOR, best first. Source: RFC 3261 section 10.3 step 8, RFC 3327 section 5.3.
 *
 * Over UDP the reply must stay one datagram. Of bindings that would make it longer those of the request itself come first, then the
 * best, as many as there is room for, and a Warning says how many more there are. A stream carries them all.
 */
import type { Run } from '../../run.ts';
import type { Binding } from '../usrloc/binding.ts';
import type { RegistrarContext } from './context.ts';

/** RFC 3261 section 20.19: the largest number of seconds there is; said of contacts that never expire. */
const FOREVER = 4_294_967_295;
const LARGEST_DATAGRAM = 65_507;
/** What a reply has besides its contacts and what it repeats of its request. */
const OTHER_HEADERS = 1024;

/** `now`: seconds since the epoch. */
export function replyHeaders(run: Run, first: Binding | undefined, now: number, context: RegistrarContext): string {
  const { receivedParam, usePath } = context.options;
  let text = '';
  let path: string | null = null;
  for (let at = first; at; at = at.next) {
    if (!at.validAt(now)) continue;
    text += (text === '' ? 'Contact: ' : ', ') + contactValue(at, now, receivedParam);
    path ??= at.path;
  }
  if (text !== '') text += '\r\n';
  const pathLine = usePath && path !== null ? `Path: ${path}\r\n` : '';
  const isDatagram = run.source.point.protocol === 'udp';
  const room = LARGEST_DATAGRAM - OTHER_HEADERS - run.message.raw.length - pathLine.length;
  if (isDatagram && text.length > room) {
    context.tooMany(first!.aor);
    text = asManyAsFit(run, first, now, room, receivedParam);
  }
  return text + pathLine;
}

function asManyAsFit(run: Run, first: Binding | undefined, now: number, room: number, receivedParam: string): string {
  const { callId, cseq } = run.message;
  const values: string[] = [];
  let left = room;
  let more = 0;
  for (const own of [true, false]) {
    for (let at = first; at; at = at.next) {
      if (!at.validAt(now) || (at.callId === callId && at.cseq === cseq?.number) !== own) continue;
      const value = contactValue(at, now, receivedParam);
      left -= value.length + 2;
      if (left < 0) more++;
      else values.push(value);
    }
  }
  const list = values.length === 0 ? '' : `Contact: ${values.join(', ')}\r\n`;
  return `${list}Warning: 399 ${run.source.point.hostPort} "${more} more contacts are bound"\r\n`;
}

function contactValue(binding: Binding, now: number, receivedParam: string): string {
  const q = binding.q < 0 ? '' : `;q=${binding.q / 1000}`;
  const expires = binding.expires === 0 ? FOREVER : binding.expires - now;
  const received = binding.received === null ? '' : `;${receivedParam}="${binding.received}"`;
  return `<${binding.contact}>${q};expires=${expires}${received}`;
}
