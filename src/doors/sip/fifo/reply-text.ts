/** A reply as text: `200 OK`, then its lines. SER writes a value as `Name: value`, OpenSER's management interface as `Name:: value`. */
import type { ManagementReply } from '../../../core/admin/management.ts';

export type Style = 'ser' | 'openser';

const PIECE = 16_384;

/** In pieces, so that a long one is made as fast as it is read. */
export function* replyText({ status, reason, lines }: ManagementReply, style: Style): Generator<string> {
  const between = style === 'ser' ? ': ' : ':: ';
  let text = `${status} ${reason}\n`;
  for (const line of lines) {
    text += typeof line === 'string' ? line : line[0] + between + line[1];
    text += '\n';
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}
