/** A response to a request that was only glanced at, as `buildReply` and `replyTarget` make it for one that was read. */
import type { Source, Target } from '../transport/types.ts';
import type { Glance } from './glance.ts';
import { bareHost } from './uri.ts';

const DEFAULT_PORT = 5060;

/** `statusLine` and `headers` (whole lines) are clean, `tag` is for the To header. */
export function glanceReply(request: Glance, source: Source, statusLine: string, tag: string, headers: string): string {
  const { text, lines, count, viaEnd, toEnd, rportStart, rportEnd } = request;
  let reply = statusLine;
  let from = lines[0]!;
  let to = from;
  for (let i = 0; i < count; i++) {
    const start = lines[2 * i]!;
    if (start !== to) {
      reply += text.slice(from, to);
      from = start;
    }
    to = lines[2 * i + 1]!;
    if (viaEnd > start && viaEnd < to) {
      if (rportStart >= 0) {
        reply += text.slice(from, rportStart);
        from = rportEnd;
      }
      reply += text.slice(from, viaEnd) + cameFrom(request, source);
      from = viaEnd;
    } else if (toEnd > start && toEnd < to) {
      reply += `${text.slice(from, toEnd)};tag=${tag}`;
      from = toEnd;
    }
  }
  return `${reply}${text.slice(from, to)}${headers}Content-Length: 0\r\n\r\n`;
}

function cameFrom(request: Glance, { address, port }: Source): string {
  if (request.rportStart >= 0) return `;received=${address};rport=${port}`;
  return bareHost(request.host) === address ? '' : `;received=${address}`;
}

/** UDP. */
export function glanceTarget({ rportStart, port }: Glance, { point, address, port: sourcePort }: Source): Target {
  return {
    protocol: 'udp',
    address,
    port: rportStart >= 0 ? sourcePort : port || DEFAULT_PORT,
    point,
    connection: undefined,
  };
}
